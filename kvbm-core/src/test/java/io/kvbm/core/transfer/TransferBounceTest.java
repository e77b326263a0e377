package io.kvbm.core.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.storage.StorageType;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferHandle;
import io.kvbm.testkit.BytePatterns;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A third party's storage kind, whose transport reaches host memory only. */
class TransferBounceTest {

  private static final long BLOCK_BYTES = TestBlocks.SHAPE.blockByteSize();
  private static final TransferLimits ONE_BLOCK_HALVES =
      new TransferLimits(100, 1 << 20, 4, 32, 2 * BLOCK_BYTES);

  private static List<BlockMove> firstBlocks(int count) {
    List<BlockMove> moves = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      moves.add(BlockMove.of(i, TestBlocks.SHAPE.numBlocks() - 1 - i));
    }
    return moves;
  }

  @Test
  void blocksGoByHostMemoryWhereNoTransportGoesAllTheWay() {
    try (TestEnvironment environment =
            new TestEnvironment(HeldTransport.inline("cxl->system", "system->cxl"));
        TransferEngine engine = environment.engine(ONE_BLOCK_HALVES);
        TestBlocks source = TestBlocks.far();
        TestBlocks target = TestBlocks.far()) {
      source.fillAll(11);
      target.guardAll();
      for (int round = 0; round < 3; round++) {
        assertThat(
                engine
                    .submit(source.place(), target.place(), firstBlocks(7), TransferOptions.DEFAULT)
                    .await())
            .containsOnly(new BlockOutcome.Done(BLOCK_BYTES));
      }
      for (BlockMove move : firstBlocks(7)) {
        target.verify(move.targetSlot(), 11 + 1000L * move.sourceSlot());
      }
      target.verifyGuard(0);
      assertThat(environment.buffersAllocated()).isEqualTo(1);
      assertThat(environment.counted("kvbm.transfer.bytes", "cxl->cxl"))
          .isEqualTo(3 * 7 * BLOCK_BYTES);
    }
  }

  @Test
  void layersGoByHostMemory() {
    try (TestEnvironment environment =
            new TestEnvironment(HeldTransport.inline("cxl->system", "system->cxl"));
        TransferEngine engine = environment.engine(ONE_BLOCK_HALVES);
        TestBlocks source = TestBlocks.far();
        TestBlocks target = TestBlocks.far()) {
      source.fillAll(11);
      target.guardAll();
      TransferOptions second = TransferOptions.DEFAULT.withLayers(new LayerRange(1, 3));
      engine.submit(source.place(), target.place(), firstBlocks(3), second).await();
      for (BlockMove move : firstBlocks(3)) {
        target.verifyGuardLayer(move.targetSlot(), 0);
        target.verifyLayer(move.targetSlot(), 1, 11 + 1000L * move.sourceSlot());
        target.verifyLayer(move.targetSlot(), 2, 11 + 1000L * move.sourceSlot());
      }
    }
  }

  @Test
  void theSecondHopOfAChunkOverlapsTheFirstOfTheNext() {
    HeldTransport in = HeldTransport.holding("cxl->system");
    HeldTransport out = HeldTransport.holding("system->cxl");
    try (TestEnvironment environment = new TestEnvironment(in, out);
        TransferEngine engine = environment.engine(ONE_BLOCK_HALVES);
        TestBlocks source = TestBlocks.far();
        TestBlocks target = TestBlocks.far()) {
      source.fillAll(5);
      TransferHandle handle =
          engine.submit(source.place(), target.place(), firstBlocks(3), TransferOptions.DEFAULT);
      HeldTransport.Held firstIn = in.next();
      HeldTransport.Held secondIn = in.next();
      assertThat(in.heldCount()).as("a third chunk has no half to go to").isZero();
      firstIn.finish();
      HeldTransport.Held firstOut = out.next();
      secondIn.finish();
      HeldTransport.Held secondOut = out.next();
      firstOut.finish();
      HeldTransport.Held thirdIn = in.next();
      assertThat(handle.completedCount()).isZero();
      secondOut.finish();
      thirdIn.finish();
      out.next().finish();
      assertThat(handle.await()).containsOnly(new BlockOutcome.Done(BLOCK_BYTES)).hasSize(3);
      for (BlockMove move : firstBlocks(3)) {
        target.verify(move.targetSlot(), 5 + 1000L * move.sourceSlot());
      }
    }
  }

  @Test
  void whatFailsOnTheFirstHopIsNotSentOn() {
    HeldTransport in = HeldTransport.holding("cxl->system");
    HeldTransport out = HeldTransport.holding("system->cxl");
    KvbmException lost = new BackendException(ErrorCode.OPERATION_FAILED, "link down", null);
    TransferLimits roomy = new TransferLimits(100, 1 << 20, 4, 32, 1 << 16);
    try (TestEnvironment environment = new TestEnvironment(in, out);
        TransferEngine engine = environment.engine(roomy);
        TestBlocks source = TestBlocks.far();
        TestBlocks target = TestBlocks.far()) {
      source.fillAll(5);
      target.guardAll();
      TransferHandle handle =
          engine.submit(
              source.place(),
              target.place(),
              List.of(BlockMove.of(0, 0), BlockMove.of(2, 2), BlockMove.of(4, 4)),
              TransferOptions.DEFAULT);
      HeldTransport.Held first = in.next();
      first.completion().done(0, BLOCK_BYTES);
      first.completion().failed(1, lost);
      first.completion().done(2, BLOCK_BYTES);
      first.completion().drained();
      HeldTransport.Held second = out.next();
      assertThat(second.batch().totalByteSize()).isEqualTo(2 * BLOCK_BYTES);
      second.finish();
      assertThat(handle.await())
          .containsExactly(
              new BlockOutcome.Done(BLOCK_BYTES),
              new BlockOutcome.Failed(lost),
              new BlockOutcome.Done(BLOCK_BYTES));
      target.verifyGuard(2);
      assertThat(environment.counted("kvbm.transfer.failures", "cxl->cxl")).isEqualTo(1);
    }
  }

  @Test
  void cancelEndsAfterTheChunksUnderWay() {
    HeldTransport in = HeldTransport.holding("cxl->system");
    try (TestEnvironment environment =
            new TestEnvironment(in, HeldTransport.inline("system->cxl"));
        TransferEngine engine = environment.engine(ONE_BLOCK_HALVES);
        TestBlocks source = TestBlocks.far();
        TestBlocks target = TestBlocks.far()) {
      TransferHandle handle =
          engine.submit(source.place(), target.place(), firstBlocks(5), TransferOptions.DEFAULT);
      HeldTransport.Held first = in.next();
      HeldTransport.Held second = in.next();
      assertThat(handle.cancel()).isTrue();
      assertThat(handle.outcomes().toCompletableFuture()).isNotDone();
      first.finish();
      second.finish();
      List<BlockOutcome> outcomes = handle.await();
      assertThat(outcomes.subList(0, 2)).allMatch(BlockOutcome::isDone);
      assertThat(outcomes.subList(2, 5)).containsOnly(new BlockOutcome.Cancelled());
      assertThat(in.heldCount()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource
  void noHostMemoryLeftFailsTheBlocks(Shortage shortage) {
    StorageAllocator full =
        new StorageAllocator() {
          @Override
          public String storageKind() {
            return "system";
          }

          @Override
          public Storage allocate(AllocationRequest request) {
            throw switch (shortage) {
              case TYPED ->
                  new CapacityException(
                      ErrorCode.ALLOCATION_FAILED, "no memory left", request.byteSize(), 0);
              case ERROR_OF_THE_JVM -> throw new OutOfMemoryError("no memory left");
            };
          }
        };
    try (TestEnvironment environment =
            new TestEnvironment(HeldTransport.inline("cxl->system", "system->cxl"))
                .withHostMemory(full);
        TransferEngine engine = environment.engine();
        TestBlocks source = TestBlocks.far();
        TestBlocks target = TestBlocks.far()) {
      List<BlockOutcome> outcomes =
          engine
              .submit(source.place(), target.place(), firstBlocks(2), TransferOptions.DEFAULT)
              .await();
      ErrorCode code =
          shortage == Shortage.TYPED ? ErrorCode.ALLOCATION_FAILED : ErrorCode.OPERATION_FAILED;
      assertThat(outcomes)
          .hasSize(2)
          .allMatch(
              outcome ->
                  outcome instanceof BlockOutcome.Failed(KvbmException cause)
                      && cause.code() == code
                      && cause.getMessage().contains("no memory left"));
    }
  }

  private enum Shortage {
    TYPED,
    ERROR_OF_THE_JVM
  }

  @Test
  void noRouteNamesWhatIsMissingAndMovesNothing() {
    HeldTransport half = HeldTransport.holding("cxl->system");
    try (TestEnvironment environment = new TestEnvironment(half);
        TransferEngine engine = environment.engine();
        TestBlocks source = TestBlocks.far();
        TestBlocks target = TestBlocks.far()) {
      assertThatThrownBy(
              () ->
                  engine.submit(
                      source.place(), target.place(), firstBlocks(1), TransferOptions.DEFAULT))
          .isInstanceOf(CallerException.class)
          .hasMessageContaining("a transport for system->cxl")
          .hasMessageNotContaining("a transport for cxl->system")
          .extracting(e -> ((KvbmException) e).code())
          .isEqualTo(ErrorCode.NO_ROUTE);
      assertThat(half.heldCount()).isZero();
      assertThat(engine.canTransfer(FarStorage.CXL, FarStorage.CXL)).isFalse();
      assertThat(engine.canTransfer(FarStorage.CXL, StorageType.SYSTEM)).isTrue();
      source.storages().getFirst().close();
      assertThat(((FarStorage) source.storages().getFirst()).isFreed())
          .as("no lease is left behind")
          .isTrue();
    }
  }

  @Test
  void noRouteWithoutHostMemory() {
    try (TestEnvironment environment =
            new TestEnvironment(HeldTransport.inline("cxl->system", "system->cxl"))
                .withoutHostMemory();
        TransferEngine engine = environment.engine();
        FarStorage source = new FarStorage(64);
        FarStorage target = new FarStorage(64)) {
      assertThatThrownBy(() -> engine.copy(source, 0, target, 0, 64))
          .isInstanceOf(CallerException.class)
          .hasMessageContaining("an allocator of system memory");
    }
  }

  @Test
  void copiesOfAnyLengthAndOffsetGoByHostMemory() {
    TransferLimits small = new TransferLimits(100, 1 << 20, 2, 3, 128);
    try (TestEnvironment environment =
            new TestEnvironment(HeldTransport.inline("cxl->system", "system->cxl"));
        TransferEngine engine = environment.engine(small);
        FarStorage source = new FarStorage(2000);
        FarStorage target = new FarStorage(2000)) {
      for (int length : new int[] {1, 63, 64, 65, 128, 129, 1000}) {
        BytePatterns.fill(source.mutableView().asSlice(17, length), length);
        BytePatterns.guard(target.mutableView());
        assertThat(engine.copy(source, 17, target, 500, length)).isEqualTo(length);
        BytePatterns.verify(target.view().asSlice(500, length), length, "copy of " + length);
        BytePatterns.verifyAll(target.view().asSlice(0, 500), BytePatterns.GUARD, "before");
        BytePatterns.verifyAll(target.view().asSlice(500 + length), BytePatterns.GUARD, "behind");
      }
      assertThat(engine.copy(source, 0, target, 0, 0)).isZero();
    }
  }

  @Test
  void theCheaperTransportIsTaken() {
    HeldTransport cheap = HeldTransport.holding("cxl->cxl");
    HeldTransport dear = HeldTransport.inline("cxl->cxl");
    try (TestEnvironment environment = new TestEnvironment(dear, cheap);
        TransferEngine engine = environment.engine();
        TestBlocks source = TestBlocks.far();
        TestBlocks target = TestBlocks.far()) {
      TransferHandle handle =
          engine.submit(source.place(), target.place(), firstBlocks(1), TransferOptions.DEFAULT);
      cheap.next().finish();
      assertThat(handle.await()).allMatch(BlockOutcome::isDone);
    }
  }

  /**
   * There, a strategy is looked up in a table by the kinds of memory, and disk to remote is an
   * error. Here, whatever the transports at hand can do is a way, also in two hops by host memory.
   */
  @Test
  void unlike_case54_aWayIsWhatTransportsCanDoAndNotATable() {
    StorageType disk = StorageType.disk(3);
    HeldTransport toHost = HeldTransport.inline(new Route(disk, StorageType.SYSTEM).toString());
    HeldTransport fromHost =
        HeldTransport.inline(new Route(StorageType.SYSTEM, StorageType.REMOTE).toString());
    try (TestEnvironment both = new TestEnvironment(toHost, fromHost);
        TransferEngine engine = both.engine()) {
      assertThat(engine.canTransfer(disk, StorageType.SYSTEM)).isTrue();
      assertThat(engine.canTransfer(disk, StorageType.REMOTE)).as("by host memory").isTrue();
      assertThat(engine.canTransfer(StorageType.REMOTE, disk)).as("not this way").isFalse();
      assertThat(engine.canTransfer(StorageType.device(0), StorageType.REMOTE)).isFalse();
    }
    try (TestEnvironment none = new TestEnvironment();
        TransferEngine engine = none.engine()) {
      assertThat(engine.canTransfer(disk, StorageType.REMOTE)).isFalse();
    }
  }
}
