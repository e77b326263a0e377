package io.kvbm.graph.csr.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.backend.disk.DiskBackendProvider;
import io.kvbm.backend.system.SystemBackendProvider;
import io.kvbm.graph.csr.adjacency.CsrBuilder;
import io.kvbm.graph.csr.adjacency.HeapAdjacency;
import io.kvbm.graph.csr.adjacency.NativeAdjacency;
import io.kvbm.graph.csr.adjacency.RowSegment;
import io.kvbm.graph.csr.generate.GraphGenerator;
import io.kvbm.graph.csr.segment.SegmentFile.Mapped;
import io.kvbm.graph.csr.segment.SegmentHeader.Direction;
import io.kvbm.testkit.TestContext;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SegmentFileTest {

  private static final UUID OWNER = new UUID(1, 2);

  @TempDir Path folder;

  private interface Use {
    void of(ObjectStore store);
  }

  private void inMemory(Use use) {
    with(new SystemBackendProvider(), BackendConfig.empty(), "graph", use);
  }

  private static void with(
      BackendProvider provider, BackendConfig config, String location, Use use) {
    try (TestContext context = new TestContext();
        Backend backend = provider.open(context, config);
        ObjectStore store = backend.objectStores().getFirst().open(location, OpenMode.WRITE)) {
      use.of(store);
    }
  }

  private static HeapAdjacency rows(int scale, boolean weighted) {
    GraphGenerator generator = GraphGenerator.kronecker(scale, 16, 9);
    CsrBuilder builder = new CsrBuilder(generator.vertexCount()).symmetric();
    generator.generate(
        (from, to) -> {
          if (weighted) {
            builder.add(from, to, from % 7);
          } else {
            builder.add(from, to);
          }
        });
    return builder.build();
  }

  private static List<String> write(ObjectStore store, HeapAdjacency rows, int shift) {
    List<String> keys = new ArrayList<>();
    for (int from = 0; from < rows.vertexCount(); from += 1 << shift) {
      int to = Math.min(rows.vertexCount(), from + (1 << shift));
      String key = "segments/" + from;
      SegmentWriter.write(store, key, PutOptions.DEFAULT, OWNER, 3, Direction.BOTH, rows, from, to);
      keys.add(key);
    }
    return keys;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatIsWrittenIsReadAndMapped(boolean weighted) {
    HeapAdjacency rows = rows(13, weighted);
    inMemory(store -> requireReadable(store, rows, 11));
    with(
        new DiskBackendProvider(),
        BackendConfig.of("dir", folder.toString()),
        folder.resolve("objects").toString(),
        store -> requireReadable(store, rows, 11));
  }

  private static void requireReadable(ObjectStore store, HeapAdjacency rows, int shift) {
    List<String> keys = write(store, rows, shift);
    List<RowSegment> copies = new ArrayList<>();
    List<RowSegment> maps = new ArrayList<>();
    List<Mapped> open = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      for (String key : keys) {
        SegmentFile file = SegmentFile.open(store, key, OWNER);
        assertThat(file.header().generation()).isEqualTo(3);
        copies.add(file.read(arena));
        Mapped mapped = file.map().orElseThrow();
        open.add(mapped);
        maps.add(mapped.rows());
      }
      for (List<RowSegment> segments : List.of(copies, maps)) {
        HeapAdjacency back =
            HeapAdjacency.copyOf(NativeAdjacency.of(rows.vertexCount(), shift, segments));
        assertThat(back.offsets()).isEqualTo(rows.offsets());
        assertThat(back.ids()).isEqualTo(rows.ids());
        assertThat(back.weights()).isEqualTo(rows.weights());
      }
    } finally {
      open.forEach(mapped -> mapped.object().close());
    }
  }

  private static byte[] bytes(ObjectStore store, String key) {
    return store.getBytes(key).orElseThrow();
  }

  @Test
  void everyBitThatFlipsAndEveryTruncationIsNoticed() {
    inMemory(
        store -> {
          CsrBuilder builder = new CsrBuilder(4).symmetric().add(0, 1, 5).add(2, 1, 6);
          String key = write(store, builder.build(), 2).getFirst();
          byte[] right = bytes(store, key);
          for (int bit = 0; bit < right.length * Byte.SIZE; bit++) {
            byte[] wrong = right.clone();
            wrong[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
            requireRefused(store, wrong);
          }
          for (int length = 0; length < right.length; length++) {
            requireRefused(store, Arrays.copyOf(right, length));
          }
          requireRefused(store, Arrays.copyOf(right, right.length + 1));
        });
  }

  private static void requireRefused(ObjectStore store, byte[] bytes) {
    store.put("damaged", MemorySegment.ofArray(bytes), PutOptions.DEFAULT);
    assertThatThrownBy(() -> SegmentFile.open(store, "damaged", OWNER).verify())
        .isInstanceOf(CorruptionException.class)
        .hasMessageStartingWith("segment 'damaged' cannot be read: ")
        .hasMessageNotContaining("\n");
  }

  @Test
  void aBlockInTheMiddleOfALargeSegmentIsVerified() {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    inMemory(
        store -> {
          String key = write(store, rows(13, true), 13).getFirst();
          byte[] right = bytes(store, key);
          assertThat(right.length).isGreaterThan(20 * SegmentHeader.BLOCK);
          for (int round = 0; round < 50; round++) {
            byte[] wrong = right.clone();
            wrong[random.nextInt(wrong.length)] ^= (byte) (1 << random.nextInt(8));
            requireRefused(store, wrong);
          }
        });
  }

  @Test
  void strangersAreRefused() {
    inMemory(
        store -> {
          String key = write(store, rows(4, false), 4).getFirst();
          assertThatThrownBy(() -> SegmentFile.open(store, key, new UUID(1, 3)))
              .hasMessage(
                  "segment 'segments/0' cannot be read: it belongs to store"
                      + " 00000000-0000-0001-0000-000000000002, this is"
                      + " 00000000-0000-0001-0000-000000000003");
          assertThatThrownBy(() -> SegmentFile.open(store, "none", OWNER))
              .isInstanceOf(KvbmException.class)
              .hasMessageEndingWith("there is no such object");
        });
  }

  @Test
  void aSegmentMayHaveNoEntries() {
    inMemory(store -> requireReadable(store, new CsrBuilder(3).symmetric().build(), 1));
  }
}
