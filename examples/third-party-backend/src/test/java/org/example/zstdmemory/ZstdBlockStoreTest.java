package org.example.zstdmemory;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.RecordingCompletion;
import io.kvbm.testkit.TestContext;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is this backend's own: its header, and its capacity. */
class ZstdBlockStoreTest {

  private static final int BYTE_SIZE = 4096;

  @Test
  void aChangedByteAnywhereFailsTheBlock() {
    try (TestContext context = new TestContext();
        Backend backend = new ZstdMemoryProvider().open(context, BackendConfig.empty());
        BlockStore store = open(backend)) {
      write(store, 0, MemorySegment.ofArray(new byte[BYTE_SIZE])).awaitDone();
      for (long at : List.of(0L, 8L, 16L, 24L, 32L, 40L, 60L, 64L, 70L)) {
        ((ZstdBlockStore) store).damage(0, at);
        assertThat(read(store, 0).awaitFailure(0).code())
            .as("byte %d", at)
            .isEqualTo(ErrorCode.CORRUPT);
        ((ZstdBlockStore) store).damage(0, at); // back to what it was
      }
      read(store, 0).awaitDone();
    }
  }

  @Test
  void aBlockBeyondTheCapacityIsRefusedAndTheOthersStay() {
    try (TestContext context = new TestContext();
        Backend backend =
            new ZstdMemoryProvider().open(context, BackendConfig.of("capacity", "6KiB"));
        BlockStore store = open(backend)) {
      write(store, 0, BytePatterns.heap(BYTE_SIZE, 1)).awaitDone();
      assertThat(write(store, 1, BytePatterns.heap(BYTE_SIZE, 2)).awaitFailure(0))
          .isInstanceOf(CapacityException.class);
      read(store, 0).awaitDone();
      assertThat(read(store, 1).awaitFailure(0).code()).isEqualTo(ErrorCode.NOT_FOUND);

      store.invalidate(0, 1);
      write(store, 1, BytePatterns.heap(BYTE_SIZE, 2)).awaitDone();
    }
  }

  private static BlockStore open(Backend backend) {
    return backend.blockStores().getFirst().open(new BlockStoreFactory.Spec(2, BYTE_SIZE, 1));
  }

  private static RecordingCompletion write(BlockStore store, int slot, MemorySegment bytes) {
    RecordingCompletion completion = new RecordingCompletion(1);
    store.write(
        List.of(
            new BlockWrite(
                slot, BlockKey.derived(slot), null, 1, 0, List.of(new Region.HostRegion(bytes)))),
        completion);
    return completion;
  }

  private static RecordingCompletion read(BlockStore store, int slot) {
    RecordingCompletion completion = new RecordingCompletion(1);
    MemorySegment target = MemorySegment.ofArray(new byte[BYTE_SIZE]);
    store.read(
        List.of(
            new BlockRead(slot, BlockKey.derived(slot), 1, List.of(new Region.HostRegion(target)))),
        completion);
    return completion;
  }
}
