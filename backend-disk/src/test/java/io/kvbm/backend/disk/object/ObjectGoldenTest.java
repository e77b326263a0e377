package io.kvbm.backend.disk.object;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.store.Durability;
import io.kvbm.api.store.ObjectBatch;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.backend.disk.io.SingleThreadEngine;
import io.kvbm.testkit.disk.CrashOracle;
import io.kvbm.testkit.disk.SimDisk;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Stores as version 1 wrote them are read for ever, with their checkpoints and without. {@code
 * -Dkvbm.golden.formats=write} writes them anew, which only a new version may. Compressed values
 * are of a codec of the tests: the codecs have frozen bytes of their own.
 */
class ObjectGoldenTest {

  private static final Path RESOURCE =
      Path.of("src/test/resources/io/kvbm/backend/disk/object/objects-v1.gz");
  private static final UUID STORE = new UUID(0x1122334455667788L, 0x99AABBCCDDEEFF00L);
  private static final PutOptions SYNCED = PutOptions.DEFAULT.withDurability(Durability.SYNCED);
  private static final StoreSettings SETTINGS =
      TestSettings.small().segments(16 << 10, 5000).codec(RunLengthCodec.NUMBER).build();
  private static final byte[] PACKED = new byte[3000];

  static {
    Arrays.fill(PACKED, (byte) 'p');
  }

  private static Map<Path, byte[]> written() {
    SimDisk disk = SimDisk.of(1);
    disk.createDirectories(ObjectFixture.DIRECTORY);
    new Superblocks(new StoreFiles(disk, ObjectFixture.DIRECTORY, SETTINGS))
        .store(new Superblocks.Superblock(STORE, 0, 0, 1));
    try (LogObjectStore store = ObjectFixture.open(disk, SETTINGS)) {
      store.put("plain", ObjectFixture.value("plain", 1, 300), SYNCED);
      store.put("packed", MemorySegment.ofArray(PACKED), SYNCED);
      store.put("empty", MemorySegment.NULL, SYNCED);
      store.put(
          "mortal",
          ObjectFixture.value("mortal", 2, 90),
          SYNCED.withTimeToLive(Duration.ofDays(1)));
      store.put("deleted", ObjectFixture.value("deleted", 3, 90), SYNCED);
      store.delete("deleted", Durability.SYNCED);
      store.put("file", ObjectFixture.value("file", 4, 70_000), SYNCED); // of two chunks
      ObjectBatch batch = new ObjectBatch();
      batch.put("batch/1", ObjectFixture.value("batch/1", 5, 64), SYNCED);
      batch.put("batch/2", ObjectFixture.value("batch/2", 6, 4000), SYNCED);
      store.apply(batch);
      store.put("plain", ObjectFixture.value("plain", 7, 4000), SYNCED); // in the next file
    }
    return ObjectFixture.files(disk);
  }

  private static Map<Path, byte[]> golden() throws IOException {
    Map<Path, byte[]> files = new LinkedHashMap<>();
    try (InputStream stored =
            Objects.requireNonNull(
                ObjectGoldenTest.class.getResourceAsStream(RESOURCE.getFileName().toString()));
        DataInputStream in = new DataInputStream(new GZIPInputStream(stored))) {
      for (int i = in.readInt(); i > 0; i--) {
        Path path = Path.of(in.readUTF());
        files.put(path, in.readNBytes(in.readInt()));
      }
    }
    return files;
  }

  private static void writeGolden(Map<Path, byte[]> files) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(new GZIPOutputStream(packed))) {
      out.writeInt(files.size());
      for (Map.Entry<Path, byte[]> file : files.entrySet()) {
        out.writeUTF(file.getKey().toString());
        out.writeInt(file.getValue().length);
        out.write(file.getValue());
      }
    }
    Files.createDirectories(Objects.requireNonNull(RESOURCE.getParent()));
    Files.write(RESOURCE, packed.toByteArray());
  }

  @Test
  void whatIsWrittenNowIsTheGoldenStore() throws IOException {
    Map<Path, byte[]> now = written();
    if ("write".equals(System.getProperty("kvbm.golden.formats"))) {
      writeGolden(now);
      return;
    }
    Map<Path, byte[]> golden = golden();
    assertThat(now.keySet()).containsExactlyElementsOf(golden.keySet());
    golden.forEach((path, bytes) -> assertThat(now.get(path)).as("%s", path).isEqualTo(bytes));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theGoldenStoreIsRead(boolean withCheckpoints) throws IOException {
    Map<Path, byte[]> golden = golden();
    assertThat(golden.keySet()).anyMatch(ObjectGoldenTest::isCheckpoint);
    if (!withCheckpoints) {
      golden.keySet().removeIf(ObjectGoldenTest::isCheckpoint);
    }
    for (OpenMode mode : OpenMode.values()) {
      SimDisk disk = SimDisk.of(1);
      ObjectFixture.restore(disk, golden);
      try (LogObjectStore store =
          ObjectFixture.open(
              disk, new SingleThreadEngine(), ObjectFixture.DIRECTORY, mode, SETTINGS)) {
        assertThat(store.statistics().keys()).isEqualTo(7);
        assertThat(ObjectFixture.version(store, "plain")).isEqualTo(7);
        assertThat(store.getBytes("packed")).contains(PACKED);
        assertThat(store.getBytes("empty")).contains(new byte[0]);
        assertThat(ObjectFixture.version(store, "mortal")).isEqualTo(2);
        assertThat(ObjectFixture.version(store, "deleted")).isEqualTo(CrashOracle.ABSENT);
        assertThat(ObjectFixture.version(store, "file")).isEqualTo(4);
        assertThat(ObjectFixture.version(store, "batch/1")).isEqualTo(5);
        assertThat(ObjectFixture.version(store, "batch/2")).isEqualTo(6);
        assertThat(store.statistics().ignoredCheckpoints()).isZero();
      }
    }
  }

  private static boolean isCheckpoint(Path path) {
    return path.getFileName().toString().startsWith("checkpoint");
  }
}
