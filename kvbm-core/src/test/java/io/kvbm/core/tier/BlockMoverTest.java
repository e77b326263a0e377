package io.kvbm.core.tier;

import static io.kvbm.core.tier.TestTiers.key;
import static io.kvbm.core.tier.TestTiers.register;
import static io.kvbm.core.tier.TestTiers.verify;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BasicMetadata;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.pool.PoolStatus;
import io.kvbm.core.transfer.LayerRange;
import io.kvbm.core.transfer.TransferLimits;
import io.kvbm.core.transfer.TransferOptions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class BlockMoverTest {

  @ParameterizedTest
  @ValueSource(strings = {"fully-contiguous", "paged", "layer-separate-block-contiguous"})
  void case20_aBlockKeepsItsHashAndBytesInAllDirections(String layout) {
    try (TestTiers tiers = new TestTiers(4, 4, 4, new LayoutType(layout))) {
      ImmutableBlock block = register(tiers.pool(CacheLevel.DEVICE), key(1), key(7));
      for (CacheLevel target : List.of(CacheLevel.HOST, CacheLevel.DISK)) {
        block = moved(tiers, block, target, true);
      }
      reset(tiers, CacheLevel.HOST, CacheLevel.DEVICE);
      for (CacheLevel target : List.of(CacheLevel.HOST, CacheLevel.DEVICE)) {
        block = moved(tiers, block, target, false);
      }
      reset(tiers, CacheLevel.HOST);
      ImmutableBlock disk = tiers.pool(CacheLevel.DISK).find(key(1)).orElseThrow();
      assertThat(moved(tiers, disk, CacheLevel.DEVICE, false).blockId()).isEqualTo(block.blockId());
    }
  }

  private static ImmutableBlock moved(
      TestTiers tiers, ImmutableBlock block, CacheLevel target, boolean down) {
    MoveHandle handle =
        down
            ? tiers.manager.offload(List.of(block), target, TransferOptions.DEFAULT)
            : tiers.manager.onboard(List.of(block), target, TransferOptions.DEFAULT);
    ImmutableBlock copy = handle.await().getFirst().block().orElseThrow();
    assertThat(copy.key()).isEqualTo(block.key());
    assertThat(copy.parent()).isEqualTo(block.parent());
    verify(copy);
    block.close();
    return copy;
  }

  private static void reset(TestTiers tiers, CacheLevel... levels) {
    for (CacheLevel level : levels) {
      tiers.pool(level).reset();
    }
  }

  @Test
  void case22_aFullTargetSkipsBlocksUntilThereIsRoom() {
    try (TestTiers tiers = new TestTiers(4, 1, 0)) {
      ImmutableBlock one = register(tiers.pool(CacheLevel.DEVICE), key(1), null);
      MutableBlock occupant = tiers.pool(CacheLevel.HOST).allocateBlocks(1).getFirst();
      MovedBlock skipped = offload(tiers, one);
      assertThat(skipped.outcome())
          .isInstanceOfSatisfying(
              BlockOutcome.Failed.class,
              failed -> assertThat(failed.cause()).isInstanceOf(CapacityException.class));
      assertThat(skipped.block()).isEmpty();
      occupant.close();
      MovedBlock done = offload(tiers, one);
      assertThat(done.outcome().isDone()).isTrue();
      done.block().orElseThrow().close();
      one.close();
      assertThat(tiers.pool(CacheLevel.DEVICE).status()).isEqualTo(new PoolStatus(0, 1, 3));
    }
  }

  private static MovedBlock offload(TestTiers tiers, ImmutableBlock block) {
    return tiers
        .manager
        .offload(List.of(block), CacheLevel.HOST, TransferOptions.DEFAULT)
        .await()
        .getFirst();
  }

  @Test
  void case23_theNumberOfTargetsMustMatch() {
    try (TestTiers tiers = new TestTiers(4, 4, 0)) {
      ImmutableBlock source = register(tiers.pool(CacheLevel.HOST), key(1), null);
      List<MutableBlock> targets = tiers.pool(CacheLevel.DEVICE).allocateBlocks(2);
      refused(ErrorCode.INVALID_ARGUMENT, () -> onboard(tiers, source, targets));
      assertThat(targets).allMatch(target -> !target.isComplete());
      BlockPool.closeAll(targets);
      source.close();
      assertThat(tiers.pool(CacheLevel.DEVICE).status()).isEqualTo(new PoolStatus(0, 0, 4));
    }
  }

  @Test
  void targetsMustBeOpenDistinctAndOfTheTargetTier() {
    try (TestTiers tiers = new TestTiers(4, 4, 0)) {
      BlockPool device = tiers.pool(CacheLevel.DEVICE);
      ImmutableBlock inUse = register(device, key(50), null);
      ImmutableBlock source = register(tiers.pool(CacheLevel.HOST), key(1), null);
      ImmutableBlock second = register(tiers.pool(CacheLevel.HOST), key(2), null);
      List<MutableBlock> foreign = tiers.pool(CacheLevel.HOST).allocateBlocks(1);
      refused(ErrorCode.INVALID_MUTABLE_BLOCK, () -> onboard(tiers, source, foreign));
      List<MutableBlock> closed = device.allocateBlocks(1);
      BlockPool.closeAll(closed);
      refused(ErrorCode.INVALID_MUTABLE_BLOCK, () -> onboard(tiers, source, closed));
      MutableBlock one = device.allocateBlocks(1).getFirst();
      refused(
          ErrorCode.INVALID_MUTABLE_BLOCK,
          () ->
              tiers.manager.onboard(
                  List.of(source, second),
                  CacheLevel.DEVICE,
                  List.of(one, one),
                  TransferOptions.DEFAULT));
      verify(inUse);
      one.close();
      assertThat(foreign.getFirst().isComplete()).isFalse();
      assertThat(device.status()).isEqualTo(new PoolStatus(1, 0, 3));
      MutableBlock taken = device.allocateBlocks(1).getFirst();
      MoveHandle handle = onboard(tiers, source, List.of(taken));
      refused(ErrorCode.INVALID_MUTABLE_BLOCK, taken::isComplete);
      verify(handle.await().getFirst().block().orElseThrow());
    }
  }

  private static MoveHandle onboard(
      TestTiers tiers, ImmutableBlock source, List<MutableBlock> targets) {
    return tiers.manager.onboard(
        List.of(source), CacheLevel.DEVICE, targets, TransferOptions.DEFAULT);
  }

  @Test
  void blocksOfAnotherTierAreRefused() {
    try (TestTiers tiers = new TestTiers(4, 4, 4)) {
      BlockMover mover = new BlockMover(tiers.platform.transfers(), tiers.platform.clock());
      ImmutableBlock block = register(tiers.pool(CacheLevel.HOST), key(1), null);
      List<Tier> all = tiers.manager.tiers();
      refused(
          ErrorCode.INVALID_ARGUMENT,
          () -> mover.move(all.get(0), List.of(block), all.get(2), TransferOptions.DEFAULT));
      assertThat(tiers.pool(CacheLevel.DISK).contains(key(1))).isFalse();
      block.close();
    }
  }

  @Test
  void aBlockIsNotRegisteredWithSomeOfItsLayers() {
    try (TestTiers tiers = new TestTiers(4, 4, 0)) {
      ImmutableBlock block = register(tiers.pool(CacheLevel.DEVICE), key(1), null);
      TransferOptions some = TransferOptions.DEFAULT.withLayers(new LayerRange(0, 1));
      refused(
          ErrorCode.INVALID_ARGUMENT,
          () -> tiers.manager.offload(List.of(block), CacheLevel.HOST, some));
      assertThat(tiers.pool(CacheLevel.HOST).contains(key(1))).isFalse();
      assertThat(tiers.pool(CacheLevel.HOST).availableBlocks()).isEqualTo(4);
      block.close();
    }
  }

  @Test
  void case25_whatIsThereAlreadyIsHandedBack() {
    try (TestTiers tiers = new TestTiers(4, 4, 0)) {
      ImmutableBlock there = register(tiers.pool(CacheLevel.DEVICE), key(1), null);
      ImmutableBlock source = register(tiers.pool(CacheLevel.HOST), key(1), null);
      List<MutableBlock> targets = tiers.pool(CacheLevel.DEVICE).allocateBlocks(1);
      MovedBlock moved = onboard(tiers, source, targets).await().getFirst();
      assertThat(moved.outcome()).isEqualTo(new BlockOutcome.Done(0));
      assertThat(moved.block().orElseThrow().blockId()).isEqualTo(there.blockId());
      moved.block().orElseThrow().close();
      there.close();
      assertThat(tiers.pool(CacheLevel.DEVICE).status()).isEqualTo(new PoolStatus(0, 1, 3));
      source.close();
    }
  }

  @Test
  void case25_thePriorityTravels() {
    try (TestTiers tiers = new TestTiers(4, 4, 4)) {
      MutableBlock filling = tiers.pool(CacheLevel.DEVICE).allocateBlocks(1).getFirst();
      filling.setMetadata(new BasicMetadata(3));
      TestTiers.fill(filling, key(1));
      ImmutableBlock block = filling.complete(key(1), null).register();
      block = moved(tiers, block, CacheLevel.HOST, true);
      assertThat(block.metadata().priority()).isEqualTo(3);
      block = moved(tiers, block, CacheLevel.DISK, true);
      assertThat(block.metadata().priority()).isEqualTo(3);
      reset(tiers, CacheLevel.DEVICE);
      block = moved(tiers, block, CacheLevel.DEVICE, false);
      assertThat(block.metadata().priority()).isEqualTo(3);
      block.close();
    }
  }

  @Test
  void case25_aTierThatIsNotThereOrNotThatWayIsRefused() {
    try (TestTiers tiers = new TestTiers(4, 4, 0)) {
      ImmutableBlock block = register(tiers.pool(CacheLevel.DEVICE), key(1), null);
      List<ImmutableBlock> blocks = List.of(block);
      for (CacheLevel target : List.of(CacheLevel.DISK, CacheLevel.DEVICE)) {
        refused(
            ErrorCode.UNSUPPORTED,
            () -> tiers.manager.offload(blocks, target, TransferOptions.DEFAULT));
      }
      refused(
          ErrorCode.UNSUPPORTED,
          () -> tiers.manager.onboard(blocks, CacheLevel.HOST, TransferOptions.DEFAULT));
      refused(
          ErrorCode.INVALID_ARGUMENT,
          () -> tiers.manager.offload(List.of(), CacheLevel.HOST, TransferOptions.DEFAULT));
      block.close();
    }
  }

  @Test
  void aFailedTransferIsAMissAndReturnsItsTarget() {
    try (TestTiers tiers = new TestTiers(4, 4, 0)) {
      ImmutableBlock block = register(tiers.pool(CacheLevel.DEVICE), key(1), null);
      tiers.transport.failure = () -> ScriptedTransport.broken(ErrorCode.CORRUPT);
      MovedBlock moved = offload(tiers, block);
      assertThat(moved.outcome().isDone()).isFalse();
      assertThat(tiers.pool(CacheLevel.HOST).contains(key(1))).isFalse();
      assertThat(tiers.pool(CacheLevel.HOST).status()).isEqualTo(new PoolStatus(0, 0, 4));
      block.close();
      assertThat(tiers.pool(CacheLevel.DEVICE).status()).isEqualTo(new PoolStatus(0, 1, 3));
    }
  }

  @Test
  void aCancelledMoveGivesEverythingBack() {
    try (TestTiers tiers = new TestTiers(600, 600, 0)) {
      BlockPool device = tiers.pool(CacheLevel.DEVICE);
      List<ImmutableBlock> blocks = new ArrayList<>();
      for (int i = 0; i < 600; i++) {
        blocks.add(register(device, key(i), null));
      }
      tiers.transport.holds = true;
      MoveHandle handle = tiers.manager.offload(blocks, CacheLevel.HOST, TransferOptions.DEFAULT);
      BlockPool.closeAll(blocks);
      assertThat(device.status().active()).as("the sources stay in use").isEqualTo(600);
      assertThat(handle.cancel()).isTrue();
      assertThat(handle.results().toCompletableFuture()).isNotDone();
      tiers.transport.release();
      List<MovedBlock> results = handle.await();
      assertThat(results).anyMatch(r -> r.outcome() instanceof BlockOutcome.Cancelled);
      results.forEach(r -> r.block().ifPresent(ImmutableBlock::close));
      assertThat(device.status()).isEqualTo(new PoolStatus(0, 600, 0));
      assertThat(tiers.pool(CacheLevel.HOST).status().active()).isZero();
    }
  }

  @Test
  void theOffloadPriorityOfABlockDecidesWhichMovementStartsFirst() {
    int busy = TransferLimits.DEFAULT.maxBatchesInFlight();
    try (TestTiers tiers = new TestTiers(busy + 2, busy + 2, 0)) {
      BlockPool device = tiers.pool(CacheLevel.DEVICE);
      tiers.transport.holds = true;
      List<MoveHandle> handles = new ArrayList<>();
      long blockByteSize = TestTiers.MODEL.blockByteSize();
      for (int i = 0; i < busy + 2; i++) {
        MutableBlock fresh = device.allocateBlocks(1).getFirst();
        fresh.setMetadata(new BasicMetadata(i == busy + 1 ? 5 : 0));
        ImmutableBlock block = fresh.complete(key(i), null).register();
        handles.add(
            tiers.manager.offload(List.of(block), CacheLevel.HOST, TransferOptions.DEFAULT));
        block.close();
      }
      assertThat(tiers.transport.sourceOffsets).as("the others wait").hasSize(busy);
      tiers.transport.release();
      handles.forEach(h -> h.await().forEach(r -> r.block().ifPresent(ImmutableBlock::close)));
      assertThat(tiers.transport.sourceOffsets.subList(busy, busy + 2))
          .containsExactly((busy + 1) * blockByteSize, busy * blockByteSize);
    }
  }

  @Test
  void aMoveThatEndsAfterThePoolIsClosedReturnsItsBlocks() {
    try (TestTiers tiers = new TestTiers(2, 2, 0)) {
      BlockPool host = tiers.pool(CacheLevel.HOST);
      ImmutableBlock block = register(tiers.pool(CacheLevel.DEVICE), key(1), null);
      tiers.transport.holds = true;
      MoveHandle handle =
          tiers.manager.offload(List.of(block), CacheLevel.HOST, TransferOptions.DEFAULT);
      host.close();
      tiers.transport.release();
      assertThat(handle.await().getFirst().block()).isEmpty();
      assertThat(host.status()).isEqualTo(new PoolStatus(0, 0, 2));
      block.close();
    }
  }

  private static void refused(ErrorCode code, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            KvbmException.class, error -> assertThat(error.code()).isEqualTo(code));
  }
}
