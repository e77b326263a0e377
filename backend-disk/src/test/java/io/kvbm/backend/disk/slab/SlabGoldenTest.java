package io.kvbm.backend.disk.slab;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.backend.disk.io.InlineEngine;
import io.kvbm.testkit.RecordingCompletion;
import io.kvbm.testkit.disk.SimDisk;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files of format version 1 are read for ever, and are what is written now. {@code
 * -Dkvbm.golden.formats=write} writes them anew, which only a new version may.
 */
class SlabGoldenTest {

  private static final String EXTENT = "blocks-4096-00000.slab";
  private static final BlockKey PARENT = new BlockKey(0x1122334455667788L, 0x99AABBCCDDEEFF00L);
  private static final BlockKey KEY = new BlockKey(-2, 3);
  private static final long FINGERPRINT = 0x0123456789ABCDEFL;
  private static final byte[] BODY =
      "the bytes of a block".repeat(50).getBytes(StandardCharsets.US_ASCII);
  private static final Path RESOURCES = Path.of("src/test/resources");

  private final SimDisk disk = SimDisk.of(1);
  private final Path directory = SlabSettings.in(SlabFixture.DIRECTORY).directory();

  private SlabStore open() {
    return SlabStore.open(
        SlabFixture.environment(disk, new InlineEngine(), 42),
        SlabSettings.in(SlabFixture.DIRECTORY),
        new BlockStoreFactory.Spec(2, 4000, FINGERPRINT));
  }

  private static String resource(String name) {
    return "slab-v1-" + name + ".gz";
  }

  private static byte[] golden(String name) throws IOException {
    try (InputStream stored =
            Objects.requireNonNull(
                SlabGoldenTest.class.getClassLoader().getResourceAsStream(resource(name)), name);
        GZIPInputStream bytes = new GZIPInputStream(stored)) {
      return bytes.readAllBytes();
    }
  }

  private byte[] onDisk(String name) {
    try (DiskFile file = disk.open(directory.resolve(name), EnumSet.of(OpenOption.READ));
        Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(file.byteSize());
      file.readFully(0, memory);
      return memory.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  private void putOnDisk(String name, byte[] bytes) {
    disk.createDirectories(directory);
    try (DiskFile file =
            disk.open(
                directory.resolve(name), EnumSet.of(OpenOption.WRITE, OpenOption.CREATE_NEW));
        Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(bytes.length);
      memory.copyFrom(MemorySegment.ofArray(bytes));
      file.writeFully(0, memory);
    }
  }

  private void writeBlock() {
    try (SlabStore store = open()) {
      store.recover(_ -> {});
      RecordingCompletion completion = new RecordingCompletion(1);
      store.write(
          List.of(
              new BlockWrite(
                  1, KEY, PARENT, 12, -7, SlabFixture.regions(MemorySegment.ofArray(BODY)))),
          completion);
      completion.awaitDone();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {EXTENT, IndexSnapshot.NAME})
  void whatIsWrittenNowIsTheGoldenFile(String name) throws IOException {
    writeBlock();
    byte[] bytes = onDisk(name);
    if ("write".equals(System.getProperty("kvbm.golden.formats"))) {
      ByteArrayOutputStream packed = new ByteArrayOutputStream();
      try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
        gzip.write(bytes);
      }
      Files.createDirectories(RESOURCES);
      Files.write(RESOURCES.resolve(resource(name)), packed.toByteArray());
    } else {
      assertThat(bytes).isEqualTo(golden(name));
    }
  }

  @Test
  void theGoldenFilesAreReadByHeaderAndBySnapshot() throws IOException {
    putOnDisk(EXTENT, golden(EXTENT));
    assertGivesTheBlock();
    for (Path path : disk.list(directory)) {
      disk.unlink(path);
    }
    putOnDisk(EXTENT, golden(EXTENT));
    putOnDisk(IndexSnapshot.NAME, golden(IndexSnapshot.NAME));
    assertGivesTheBlock();
  }

  private void assertGivesTheBlock() {
    try (SlabStore store = open()) {
      List<StoredBlock> found = new ArrayList<>();
      store.recover(found::add);
      assertThat(found).containsExactly(new StoredBlock(1, KEY, PARENT, 12, FINGERPRINT, -7));
      byte[] target = new byte[BODY.length];
      RecordingCompletion completion = new RecordingCompletion(1);
      store.read(
          List.of(new BlockRead(1, KEY, 12, SlabFixture.regions(MemorySegment.ofArray(target)))),
          completion);
      completion.awaitDone();
      assertThat(target).isEqualTo(BODY);
    }
  }
}
