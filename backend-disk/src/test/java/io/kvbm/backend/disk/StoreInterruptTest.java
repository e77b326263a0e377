package io.kvbm.backend.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.Log;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.RecordingCompletion;
import io.kvbm.testkit.TestContext;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Block store and log called by threads that were interrupted before: the calls work. */
@Timeout(60)
class StoreInterruptTest {

  private static final BlockStoreFactory.Spec BLOCKS = new BlockStoreFactory.Spec(4, 8192, 7);

  @TempDir private Path directory;

  @AfterEach
  void clearInterrupt() {
    Thread.interrupted();
  }

  private static <T> T interrupted(String what, Supplier<T> call) {
    Thread.currentThread().interrupt();
    T result = call.get();
    assertThat(Thread.interrupted()).as("still interrupted after %s", what).isTrue();
    return result;
  }

  private static void interrupted(String what, Runnable call) {
    interrupted(
        what,
        () -> {
          call.run();
          return true;
        });
  }

  private static Backend open(TestContext context, Path directory, String engine) {
    return new DiskBackendProvider()
        .open(context, BackendConfig.of("dir", directory.toString()).with("engine", engine));
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "buffered"})
  void aLogWorks(String engine) {
    try (TestContext context = new TestContext();
        Backend backend = open(context, directory, engine)) {
      for (int opening = 0; opening < 2; opening++) {
        Log log = interrupted("open", () -> backend.logs().getFirst().open("log"));
        for (int i = 0; i < 5; i++) {
          MemorySegment record = BytePatterns.heap(100, log.nextSequence());
          interrupted(
              "append", () -> log.append(record, Durability.SYNCED).toCompletableFuture().join());
        }
        interrupted("sync", log::sync);
        List<Long> found = new ArrayList<>();
        interrupted(
            "replay",
            () ->
                log.replay(
                    1,
                    (sequence, bytes) -> {
                      BytePatterns.verify(bytes, sequence, "record " + sequence);
                      return found.add(sequence);
                    }));
        assertThat(found).hasSize(5 * (opening + 1));
        interrupted("truncate", () -> log.truncateBefore(1));
        interrupted("close", log::close);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "buffered"})
  void aBlockStoreWorks(String engine) {
    try (TestContext context = new TestContext();
        Backend backend = open(context, directory, engine);
        Arena arena = Arena.ofShared()) {
      BlockKey key = new BlockKey(3, 1);
      for (int opening = 0; opening < 2; opening++) {
        BlockStore store = interrupted("open", () -> backend.blockStores().getFirst().open(BLOCKS));
        List<StoredBlock> found = new ArrayList<>();
        interrupted("recover", () -> store.recover(found::add));
        assertThat(found).hasSize(opening);
        if (opening == 0) {
          Region bytes = new Region.HostRegion(BytePatterns.allocate(arena, 8192, 9));
          RecordingCompletion written = new RecordingCompletion(1);
          interrupted(
              "write",
              () ->
                  store.write(
                      List.of(new BlockWrite(1, key, null, 5, 0, List.of(bytes))), written));
          assertThat(written.await().getFirst().isDone()).isTrue();
        }
        MemorySegment target = arena.allocate(8192, 64);
        RecordingCompletion read = new RecordingCompletion(1);
        interrupted(
            "read",
            () ->
                store.read(
                    List.of(new BlockRead(1, key, 5, List.of(new Region.HostRegion(target)))),
                    read));
        assertThat(read.await().getFirst().isDone()).isTrue();
        BytePatterns.verify(target, 9, "block");
        interrupted("close", store::close);
      }
    }
  }
}
