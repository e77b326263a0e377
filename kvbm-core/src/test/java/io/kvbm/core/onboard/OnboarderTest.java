package io.kvbm.core.onboard;

import static io.kvbm.core.onboard.World.key;
import static io.kvbm.core.onboard.World.keys;
import static io.kvbm.core.onboard.World.verifyAndClose;
import static io.kvbm.core.tier.CacheLevel.DEVICE;
import static io.kvbm.core.tier.CacheLevel.DISK;
import static io.kvbm.core.tier.CacheLevel.HOST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.core.cost.CostGate;
import io.kvbm.core.cost.Decision;
import io.kvbm.core.cost.GateMode;
import io.kvbm.core.cost.RecomputeCost;
import io.kvbm.core.cost.RouteCosts;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.pool.PoolStatus;
import io.kvbm.core.transfer.TransferLimits;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class OnboarderTest {

  private static final long MILLI = 1_000_000;
  private static final OnboardOptions BY_100_MS =
      OnboardOptions.DEFAULT.withDeadlineNanos(100 * MILLI);

  private static boolean isDone(Onboarding onboarding) {
    return onboarding.result().toCompletableFuture().isDone();
  }

  private static List<Class<?>> kinds(OnboardResult result) {
    List<Class<?>> kinds = new ArrayList<>();
    result.missing().forEach(missing -> kinds.add(missing.getClass()));
    return kinds;
  }

  private static List<Class<?>> times(int count, Class<?> kind) {
    return new ArrayList<>(Collections.nCopies(count, kind));
  }

  // ---- what is found where

  @Test
  void case23_blocksComeUpFromHostAndDiskWithTheirBytes() {
    try (World world = new World(8, 8, 8);
        Onboarder onboarder = world.exclusive()) {
      world.put(DEVICE, 0, 2);
      world.put(HOST, 2, 4);
      world.put(DISK, 4, 6);
      OnboardResult result = onboarder.onboard(keys(0, 7), OnboardOptions.DEFAULT).await();
      assertThat(result.blocks()).extracting(ImmutableBlock::key).isEqualTo(keys(0, 6));
      assertThat(result.blocks().get(4).parent()).isEmpty();
      assertThat(result.blocks().get(5).parent()).contains(key(4));
      assertThat(result.missing()).containsExactly(new Missing.Absent(key(6)));
      assertThat(result.hits())
          .containsEntry("device", 2)
          .containsEntry("host", 2)
          .containsEntry("disk", 2);
      verifyAndClose(result);
      assertThat(world.pool(HOST).status()).isEqualTo(new PoolStatus(0, 0, 8));
      assertThat(world.pool(DISK).status()).isEqualTo(new PoolStatus(0, 0, 8));
      world.assertNothingHeld();
      OnboardStatistics statistics = onboarder.statistics();
      assertThat(statistics.requests()).isEqualTo(1);
      assertThat(statistics.hits()).containsEntry("disk", 2L).containsEntry("device", 2L);
      assertThat(statistics.loadedByteSize())
          .isEqualTo(4 * world.pool(DEVICE).shape().blockByteSize());
    }
  }

  @Test
  void case24_manyBlocksComeInBatches() {
    try (World world = new World(64, 40, 40);
        Onboarder onboarder = world.onboarder().build()) {
      world.put(DISK, 0, 8);
      world.put(HOST, 100, 133);
      OnboardResult eight = onboarder.onboard(keys(0, 8), OnboardOptions.DEFAULT).await();
      assertThat(eight.blocks()).hasSize(8);
      verifyAndClose(eight);
      OnboardResult many = onboarder.onboard(keys(100, 133), OnboardOptions.DEFAULT).await();
      assertThat(many.blocks()).extracting(ImmutableBlock::key).isEqualTo(keys(100, 133));
      verifyAndClose(many);
      assertThat(world.transport.batches.get()).isBetween(2 + 3, 2 + 9);
      assertThat(world.pool(HOST).contains(key(100))).as("stays below").isTrue();
    }
  }

  @Test
  void case25_whatIsInTheTopTierIsHandedBack() {
    try (World world = new World(4, 4, 4);
        Onboarder onboarder = world.onboarder().build()) {
      world.put(DEVICE, 0, 1);
      world.put(HOST, 0, 1);
      ImmutableBlock there = world.pool(DEVICE).find(key(0)).orElseThrow();
      OnboardResult result = onboarder.onboard(keys(0, 1), OnboardOptions.DEFAULT).await();
      assertThat(result.blocks().getFirst().blockId()).isEqualTo(there.blockId());
      assertThat(world.transport.batches.get()).isZero();
      assertThat(result.hits()).containsOnlyKeys("device");
      verifyAndClose(result);
      there.close();
      world.assertNothingHeld();
    }
  }

  @Test
  void case28_whatWasBroughtUpIsEvictedLeavesFirst() {
    try (World world = new World(4, 4, 4);
        Onboarder onboarder = world.onboarder().build()) {
      world.put(HOST, 0, 4);
      verifyAndClose(onboarder.onboard(keys(0, 4), OnboardOptions.DEFAULT).await());
      BlockPool device = world.pool(DEVICE);
      List<MutableBlock> two = device.allocateBlocks(2);
      assertThat(matchLength(device, keys(0, 4))).isEqualTo(2);
      List<MutableBlock> one = device.allocateBlocks(1);
      assertThat(matchLength(device, keys(0, 4))).isEqualTo(1);
      BlockPool.closeAll(two);
      BlockPool.closeAll(one);
    }
  }

  private static int matchLength(BlockPool pool, List<BlockKey> keys) {
    List<ImmutableBlock> found = pool.matchBlocks(keys);
    BlockPool.closeAll(found);
    return found.size();
  }

  @Test
  void anEmptySequenceAndAnAbsentOneEndAtOnce() {
    try (World world = new World(4, 4, 4);
        Onboarder onboarder = world.onboarder().build()) {
      Onboarding empty = onboarder.onboard(List.of(), BY_100_MS);
      assertThat(isDone(empty)).isTrue();
      assertThat(empty.await().missing()).isEmpty();
      world.put(HOST, 2, 3);
      OnboardResult absent = onboarder.onboard(keys(0, 3), BY_100_MS).await();
      assertThat(kinds(absent))
          .containsExactly(Missing.Absent.class, Missing.Absent.class, Missing.Behind.class);
      assertThat(world.deadlines.pendingCount()).isZero();
    }
  }

  // ---- deadlines

  @Test
  void atTheDeadlineWhatHasArrivedIsHandedOutAndTheRestStaysForLater() {
    try (World world = new World(16, 16, 16);
        Onboarder onboarder = world.exclusive()) {
      world.put(HOST, 0, 2);
      world.put(DISK, 2, 4);
      world.put(HOST, 4, 6);
      world.transport.hold(World.DISK);
      Onboarding onboarding = onboarder.onboard(keys(0, 6), BY_100_MS);
      world.advance(100 * MILLI - 1);
      assertThat(isDone(onboarding)).isFalse();
      world.advance(1);
      assertThat(isDone(onboarding)).isTrue();
      OnboardResult result = onboarding.await();
      assertThat(result.blocks()).extracting(ImmutableBlock::key).isEqualTo(keys(0, 2));
      assertThat(kinds(result))
          .containsExactly(
              Missing.Deadline.class,
              Missing.Deadline.class,
              Missing.Behind.class,
              Missing.Behind.class);
      verifyAndClose(result);
      assertThat(world.pool(DISK).status().active()).as("sources of what drains").isEqualTo(2);
      world.transport.release();
      world.assertNothingHeld();
      assertThat(matchLength(world.pool(DEVICE), keys(2, 4))).as("not wasted").isEqualTo(2);
      assertThat(onboarder.statistics().late()).isEqualTo(2);
      assertThat(onboarder.statistics().deadlineMisses()).isEqualTo(2);
    }
  }

  @Test
  void whatArrivesBeforeTheDeadlineKeepsItFromMeaningAnything() {
    try (World world = new World(8, 8, 8);
        Onboarder onboarder = world.onboarder().build()) {
      world.put(HOST, 0, 3);
      world.transport.hold(World.HOST);
      Onboarding onboarding = onboarder.onboard(keys(0, 3), BY_100_MS);
      world.transport.release();
      assertThat(isDone(onboarding)).isTrue();
      assertThat(world.deadlines.pendingCount()).isZero();
      world.advance(200 * MILLI);
      assertThat(onboarding.await().blocks()).hasSize(3);
      verifyAndClose(onboarding.await());
      assertThat(onboarder.statistics().deadlineMisses()).isZero();
      world.assertNothingHeld();
    }
  }

  @Test
  void aDeadlineThatHasPassedHandsOutWhatIsThere() {
    try (World world = new World(8, 8, 8);
        Onboarder onboarder = world.onboarder().build()) {
      world.put(DEVICE, 0, 1);
      world.put(HOST, 1, 2);
      world.put(DEVICE, 2, 3);
      world.advance(200 * MILLI);
      OnboardResult result = onboarder.onboard(keys(0, 3), BY_100_MS).await();
      assertThat(result.blocks()).hasSize(1);
      assertThat(kinds(result)).containsExactly(Missing.Deadline.class, Missing.Behind.class);
      assertThat(world.transport.batches.get()).isZero();
      verifyAndClose(result);
      world.assertNothingHeld();
    }
  }

  @Test
  void aRouteStalledForEverHoldsFewBlocksAndDelaysNobodyElse() {
    TransferLimits limits = new TransferLimits(4096, 1 << 20, 2, 4, 1 << 20);
    try (World world = new World(64, 64, 64, limits, Runnable::run)) {
      RouteCosts costs = new RouteCosts(world.clock);
      Onboarder onboarder = world.onboarder().costs(costs).build();
      long blockByteSize = world.pool(DEVICE).shape().blockByteSize();
      world.put(HOST, 0, 40);
      world.put(DISK, 50, 54);
      world.transport.hold(World.HOST);
      Onboarding first = onboarder.onboard(keys(0, 40), BY_100_MS);
      assertThat(world.transport.heldCount()).isEqualTo(2);
      assertThat(world.pool(DEVICE).status().active()).isEqualTo(8);
      assertThat(costs.estimate("host->device").queuedByteSize()).isEqualTo(40 * blockByteSize);
      world.advance(100 * MILLI);
      assertThat(costs.estimate("host->device").queuedByteSize()).isEqualTo(8 * blockByteSize);
      assertThat(kinds(first.await())).isEqualTo(times(40, Missing.Deadline.class));
      assertThat(world.pool(HOST).status().active()).as("what never started").isEqualTo(8);
      OnboardResult second = onboarder.onboard(keys(0, 40), OnboardOptions.DEFAULT).await();
      assertThat(kinds(second)).isEqualTo(times(40, Missing.Avoided.class));
      assertThat(world.transport.heldCount()).isEqualTo(2);
      verifyAndClose(onboarder.onboard(keys(50, 54), OnboardOptions.DEFAULT).await());
      world.transport.release();
      OnboardResult third = onboarder.onboard(keys(0, 40), OnboardOptions.DEFAULT).await();
      assertThat(third.blocks()).hasSize(40);
      verifyAndClose(third);
      assertThat(costs.estimate("host->device").queuedByteSize()).isZero();
      onboarder.close();
      world.assertNothingHeld();
    }
  }

  // ---- cancellation

  @Test
  void aCancelledRequestIsConfirmedAfterItsLoadsHaveDrained() {
    try (World world = new World(8, 8, 8);
        Onboarder onboarder = world.onboarder().build()) {
      world.put(DEVICE, 0, 1);
      world.put(HOST, 1, 4);
      world.transport.hold(World.HOST);
      Onboarding onboarding = onboarder.onboard(keys(0, 4), OnboardOptions.DEFAULT);
      GatedTransport.Held held = world.transport.next();
      CompletionStage<Void> confirmed = onboarding.cancel();
      assertThat(isDone(onboarding)).isTrue();
      assertThat(held.isCancelled()).isTrue();
      assertThat(confirmed.toCompletableFuture()).isNotDone();
      assertThat(world.pool(DEVICE).status().active()).as("targets in flight").isEqualTo(4);
      OnboardResult result = onboarding.await();
      assertThat(kinds(result)).isEqualTo(times(3, Missing.Cancelled.class));
      verifyAndClose(result);
      held.finish();
      assertThat(confirmed.toCompletableFuture()).isCompleted();
      world.assertNothingHeld();
      assertThat(onboarding.cancel().toCompletableFuture()).isCompleted();
    }
  }

  @Test
  void aRequestThatHasEndedIsNotCancelled() {
    try (World world = new World(8, 8, 8);
        Onboarder onboarder = world.onboarder().build()) {
      world.put(HOST, 0, 2);
      Onboarding onboarding = onboarder.onboard(keys(0, 2), OnboardOptions.DEFAULT);
      assertThat(onboarding.cancel().toCompletableFuture()).isCompleted();
      assertThat(onboarding.await().blocks()).hasSize(2);
      verifyAndClose(onboarding.await());
      world.assertNothingHeld();
    }
  }

  @Test
  void closingCancelsAndRefuses() {
    try (World world = new World(8, 8, 8)) {
      Onboarder onboarder = world.onboarder().build();
      world.put(HOST, 0, 2);
      world.transport.hold(World.HOST);
      Onboarding onboarding = onboarder.onboard(keys(0, 2), OnboardOptions.DEFAULT);
      onboarder.close();
      assertThat(kinds(onboarding.await())).isEqualTo(times(2, Missing.Cancelled.class));
      assertThatThrownBy(() -> onboarder.onboard(keys(0, 2), OnboardOptions.DEFAULT))
          .isInstanceOf(ClosedException.class);
      world.transport.release();
      world.assertNothingHeld();
    }
  }

  // ---- coalescing

  @Test
  void twoRequestsShareOneLoad() {
    try (World world = new World(8, 8, 8);
        Onboarder onboarder = world.exclusive()) {
      world.put(HOST, 0, 4);
      world.transport.hold(World.HOST);
      Onboarding one = onboarder.onboard(keys(0, 4), OnboardOptions.DEFAULT);
      Onboarding two = onboarder.onboard(keys(0, 4), OnboardOptions.DEFAULT.withPriority(3));
      assertThat(world.transport.batches.get()).isEqualTo(1);
      assertThat(onboarder.statistics().coalesced()).isEqualTo(4);
      world.transport.release();
      assertThat(one.await().blocks()).hasSize(4);
      assertThat(two.await().blocks()).hasSize(4);
      verifyAndClose(one.await());
      verifyAndClose(two.await());
      world.assertNothingHeld();
    }
  }

  @Test
  void theOneWithTheEarlierDeadlineEndsAloneAndTheOneCancelledToo() {
    try (World world = new World(8, 8, 8);
        Onboarder onboarder = world.onboarder().build()) {
      world.put(HOST, 0, 4);
      world.transport.hold(World.HOST);
      Onboarding one = onboarder.onboard(keys(0, 4), OnboardOptions.DEFAULT);
      Onboarding early = onboarder.onboard(keys(0, 4), BY_100_MS);
      Onboarding cancelled = onboarder.onboard(keys(0, 4), OnboardOptions.DEFAULT);
      GatedTransport.Held held = world.transport.next();
      assertThat(cancelled.cancel().toCompletableFuture()).as("nothing of its own").isCompleted();
      world.advance(100 * MILLI);
      assertThat(kinds(early.await())).isEqualTo(times(4, Missing.Deadline.class));
      assertThat(kinds(cancelled.await())).isEqualTo(times(4, Missing.Cancelled.class));
      assertThat(isDone(one)).isFalse();
      assertThat(held.isCancelled()).isFalse();
      held.finish();
      assertThat(one.await().blocks()).hasSize(4);
      verifyAndClose(one.await());
      world.assertNothingHeld();
      assertThat(onboarder.statistics().late()).isZero();
    }
  }

  @Test
  void aBatchThatSomebodyElseWaitsForInPartGoesOn() {
    try (World world = new World(8, 8, 8);
        Onboarder onboarder = world.onboarder().build()) {
      world.put(HOST, 0, 4);
      world.transport.hold(World.HOST);
      Onboarding whole = onboarder.onboard(keys(0, 4), OnboardOptions.DEFAULT);
      Onboarding half = onboarder.onboard(keys(0, 2), OnboardOptions.DEFAULT);
      GatedTransport.Held held = world.transport.next();
      CompletionStage<Void> confirmed = whole.cancel();
      assertThat(held.isCancelled()).isFalse();
      assertThat(confirmed.toCompletableFuture()).isNotDone();
      held.finish();
      assertThat(confirmed.toCompletableFuture()).isCompleted();
      assertThat(half.await().blocks()).hasSize(2);
      verifyAndClose(half.await());
      verifyAndClose(whole.await());
      world.assertNothingHeld();
      assertThat(onboarder.statistics().late()).isEqualTo(2);
    }
  }

  @Test
  void whoComesAfterACancellationBeginsAnotherLoad() {
    try (World world = new World(8, 8, 8);
        Onboarder onboarder = world.onboarder().build()) {
      world.put(HOST, 0, 2);
      world.transport.hold(World.HOST);
      Onboarding one = onboarder.onboard(keys(0, 2), OnboardOptions.DEFAULT);
      GatedTransport.Held held = world.transport.next();
      CompletionStage<Void> confirmed = one.cancel();
      Onboarding two = onboarder.onboard(keys(0, 2), OnboardOptions.DEFAULT);
      held.finish();
      assertThat(confirmed.toCompletableFuture()).isCompleted();
      world.transport.release();
      assertThat(two.await().blocks()).hasSize(2);
      verifyAndClose(two.await());
      world.assertNothingHeld();
    }
  }

  @Test
  void aHigherPriorityStartsFirst() {
    TransferLimits limits = new TransferLimits(4096, 1 << 20, 1, 2, 1 << 20);
    try (World world = new World(16, 16, 16, limits, Runnable::run);
        Onboarder onboarder = world.onboarder().build()) {
      world.put(HOST, 0, 2);
      world.put(HOST, 10, 12);
      world.put(HOST, 20, 22);
      world.put(HOST, 30, 32);
      world.transport.hold(World.HOST);
      Onboarding busy = onboarder.onboard(keys(0, 2), OnboardOptions.DEFAULT);
      Onboarding first = onboarder.onboard(keys(10, 12), OnboardOptions.DEFAULT);
      Onboarding high = onboarder.onboard(keys(20, 22), OnboardOptions.DEFAULT.withPriority(1));
      Onboarding last = onboarder.onboard(keys(30, 32), OnboardOptions.DEFAULT);
      Onboarding joined = onboarder.onboard(keys(30, 32), OnboardOptions.DEFAULT.withPriority(2));
      for (Onboarding next : List.of(busy, joined, high, first)) {
        assertThat(isDone(next)).isFalse();
        world.transport.next().finish();
        assertThat(isDone(next)).isTrue();
      }
      for (Onboarding one : List.of(busy, first, high, last, joined)) {
        verifyAndClose(one.await());
      }
      world.assertNothingHeld();
    }
  }

  // ---- reasons

  @Test
  void aCorruptBlockIsTakenOutOfItsTier() {
    try (World world = new World(8, 8, 8);
        Onboarder onboarder = world.onboarder().build()) {
      world.put(HOST, 0, 1);
      world.put(DISK, 1, 3);
      CorruptionException cause = new CorruptionException(ErrorCode.CORRUPT, "bytes changed");
      world.transport.fail(World.DISK, () -> cause);
      OnboardResult result = onboarder.onboard(keys(0, 3), OnboardOptions.DEFAULT).await();
      assertThat(result.blocks()).hasSize(1);
      assertThat(result.missing().getFirst()).isEqualTo(new Missing.Corrupt(key(1), cause));
      verifyAndClose(result);
      assertThat(world.pool(DISK).contains(key(1))).isFalse();
      assertThat(world.pool(DISK).contains(key(2))).isFalse();
      world.transport.mend(World.DISK);
      OnboardResult again = onboarder.onboard(keys(0, 3), OnboardOptions.DEFAULT).await();
      assertThat(kinds(again)).isEqualTo(times(2, Missing.Absent.class));
      verifyAndClose(again);
      assertThat(onboarder.statistics().corrupt()).isEqualTo(2);
      world.assertNothingHeld();
    }
  }

  @Test
  void aFailedLoadCutsThePrefixAndATransientOneKeepsTheBlockBelow() {
    try (World world = new World(8, 8, 8);
        Onboarder onboarder = world.onboarder().build()) {
      world.put(HOST, 0, 1);
      world.put(DISK, 1, 2);
      world.put(HOST, 2, 3);
      TransientException busy = new TransientException(ErrorCode.QUEUE_FULL, "try again");
      world.transport.fail(World.DISK, () -> busy);
      OnboardResult result = onboarder.onboard(keys(0, 3), OnboardOptions.DEFAULT).await();
      assertThat(result.missing())
          .containsExactly(new Missing.Failed(key(1), busy), new Missing.Behind(key(2)));
      verifyAndClose(result);
      assertThat(world.pool(DISK).contains(key(1))).isTrue();
      BackendException dead = new BackendException(ErrorCode.OPERATION_FAILED, "device gone", null);
      world.transport.fail(World.DISK, () -> dead);
      verifyAndClose(onboarder.onboard(keys(0, 3), OnboardOptions.DEFAULT).await());
      assertThat(world.pool(DISK).contains(key(1))).isFalse();
      assertThat(onboarder.statistics().failed()).isEqualTo(2);
      world.assertNothingHeld();
    }
  }

  @Test
  void aLoadThatCannotStartFailsAndKeepsItsBlock() {
    try (World world = new World(8, 8, 8);
        Onboarder onboarder = world.onboarder().build()) {
      world.put(HOST, 0, 2);
      world.engine.close();
      OnboardResult result = onboarder.onboard(keys(0, 2), OnboardOptions.DEFAULT).await();
      assertThat(kinds(result)).startsWith(Missing.Failed.class).hasSize(2);
      assertThat(world.pool(HOST).contains(key(0))).isTrue();
      world.assertNothingHeld();
    }
    try (World world = new World(8, 8, 8);
        Onboarder onboarder =
            world
                .onboarder()
                .room(
                    _ -> {
                      throw new IllegalStateException("no demotion today");
                    })
                .build()) {
      world.put(HOST, 0, 2);
      OnboardResult result = onboarder.onboard(keys(0, 2), OnboardOptions.DEFAULT).await();
      assertThat(kinds(result)).startsWith(Missing.Failed.class);
      assertThat(world.pool(HOST).contains(key(0))).isTrue();
      world.assertNothingHeld();
    }
  }

  @Test
  void whatHasNoRoomIsLeftBelow() {
    try (World world = new World(4, 8, 8);
        Onboarder onboarder = world.onboarder().build()) {
      world.put(HOST, 0, 6);
      List<MutableBlock> occupied = world.pool(DEVICE).allocateBlocks(1);
      OnboardResult result = onboarder.onboard(keys(0, 6), OnboardOptions.DEFAULT).await();
      assertThat(result.blocks()).hasSize(3);
      assertThat(kinds(result)).isEqualTo(times(3, Missing.NoRoom.class));
      verifyAndClose(result);
      BlockPool.closeAll(occupied);
      assertThat(onboarder.statistics().noRoom()).isEqualTo(3);
      world.assertNothingHeld();
    }
  }

  @Test
  void roomThatIsGoneWhenItIsNeededCutsThePrefixToo() {
    try (World world = new World(8, 8, 8)) {
      TargetRoom stingy = count -> world.pool(DEVICE).allocateBlocks(Math.min(2, count));
      try (Onboarder onboarder = world.onboarder().room(stingy).build()) {
        world.put(HOST, 0, 4);
        OnboardResult result = onboarder.onboard(keys(0, 4), OnboardOptions.DEFAULT).await();
        assertThat(result.blocks()).hasSize(2);
        assertThat(kinds(result)).startsWith(Missing.NoRoom.class);
        verifyAndClose(result);
      }
      TargetRoom none =
          count -> {
            throw new CapacityException(ErrorCode.NOT_ENOUGH_BLOCKS_AVAILABLE, "full", count, 0);
          };
      try (Onboarder onboarder = world.onboarder().room(none).build()) {
        world.put(HOST, 10, 12);
        OnboardResult result = onboarder.onboard(keys(10, 12), OnboardOptions.DEFAULT).await();
        assertThat(kinds(result)).startsWith(Missing.NoRoom.class).hasSize(2);
      }
      world.assertNothingHeld();
    }
  }

  // ---- delivery

  @Test
  void blocksAreDeliveredInOrderAsSoonAsAllBeforeHaveArrived() {
    TransferLimits limits = new TransferLimits(4096, 1 << 20, 8, 2, 1 << 20);
    try (World world = new World(16, 16, 16, limits, Runnable::run);
        Onboarder onboarder = world.onboarder().build()) {
      world.put(DEVICE, 0, 1);
      world.put(HOST, 1, 7);
      world.transport.hold(World.HOST);
      Onboarding onboarding = onboarder.onboard(keys(0, 7), OnboardOptions.DEFAULT);
      List<BlockKey> seen = new ArrayList<>();
      onboarding.onEach(
          block -> {
            World.verify(block);
            seen.add(block.key());
            if (seen.size() == 2) {
              throw new IllegalStateException("a consumer that fails");
            }
          });
      assertThat(seen).isEqualTo(keys(0, 1));
      GatedTransport.Held first = world.transport.next();
      GatedTransport.Held second = world.transport.next();
      GatedTransport.Held third = world.transport.next();
      third.finish();
      assertThat(seen).hasSize(1);
      first.finish();
      assertThat(seen).isEqualTo(keys(0, 3));
      assertThat(isDone(onboarding)).isFalse();
      second.finish();
      assertThat(seen).isEqualTo(keys(0, 7));
      assertThat(isDone(onboarding)).isTrue();
      assertThatThrownBy(() -> onboarding.onEach(_ -> {})).isInstanceOf(CallerException.class);
      verifyAndClose(onboarding.await());
    }
  }

  @Test
  void consumersAndContinuationsRunOnTheExecutor() throws Exception {
    try (ExecutorService executor =
            Executors.newSingleThreadExecutor(task -> new Thread(task, "own-executor"));
        World world = new World(8, 8, 8, TransferLimits.DEFAULT, executor);
        Onboarder onboarder = world.onboarder().build()) {
      world.put(HOST, 0, 4);
      world.transport.hold(World.HOST);
      Onboarding onboarding = onboarder.onboard(keys(0, 4), OnboardOptions.DEFAULT);
      CompletableFuture<String> consumed = new CompletableFuture<>();
      onboarding.onEach(_ -> consumed.complete(Thread.currentThread().getName()));
      CompletableFuture<String> continued =
          onboarding
              .result()
              .thenApply(_ -> Thread.currentThread().getName())
              .toCompletableFuture();
      world.transport.next().finish();
      assertThat(consumed.get(10, TimeUnit.SECONDS)).isEqualTo("own-executor");
      assertThat(continued.get(10, TimeUnit.SECONDS)).isEqualTo("own-executor");
      verifyAndClose(onboarding.await());
    }
  }

  // ---- the gate

  @Test
  void theGateSaysHowMuchAndBlocksItProbesComeUpWithNobodyWaiting() {
    try (World world = new World(16, 16, 16);
        Onboarder onboarder =
            world
                .onboarder()
                .gate(
                    plan -> {
                      assertThat(plan.routes().subList(0, 2)).containsExactly("", "host->device");
                      return new Decision(3, 3, 1, 0, 0, Long.MAX_VALUE, Decision.Reason.LOAD_SOME);
                    })
                .build()) {
      world.put(DEVICE, 0, 1);
      world.put(HOST, 1, 6);
      OnboardResult result = onboarder.onboard(keys(0, 6), OnboardOptions.DEFAULT).await();
      assertThat(result.blocks()).hasSize(3);
      assertThat(kinds(result)).isEqualTo(times(3, Missing.Avoided.class));
      assertThat(world.pool(DEVICE).contains(key(3))).as("the probe").isTrue();
      assertThat(world.pool(DEVICE).contains(key(4))).isFalse();
      assertThat(onboarder.statistics().avoided()).isEqualTo(3);
      assertThat(onboarder.statistics().late()).isZero();
      verifyAndClose(result);
      world.assertNothingHeld();
    }
  }

  @Test
  void whatTheGateHasNoPatienceForIsAvoided() {
    try (World world = new World(16, 16, 16)) {
      RouteCosts costs = new RouteCosts(world.clock);
      CostGate gate = new CostGate(GateMode.ENFORCE, new RecomputeCost(8000, 0, 16), costs);
      try (Onboarder onboarder = world.onboarder().gate(gate).costs(costs).build()) {
        world.put(HOST, 0, 12);
        world.transport.hold(World.HOST);
        Onboarding learning = onboarder.onboard(keys(0, 12), OnboardOptions.DEFAULT);
        assertThat(isDone(learning)).isFalse();
        world.advance(8 * 2 * MILLI / 4);
        assertThat(isDone(learning)).isTrue();
        assertThat(kinds(learning.await())).isEqualTo(times(12, Missing.Avoided.class));
        OnboardResult next = onboarder.onboard(keys(0, 12), OnboardOptions.DEFAULT).await();
        assertThat(kinds(next)).isEqualTo(times(12, Missing.Avoided.class));
        world.advance(MILLI);
        world.transport.release();
        assertThat(costs.estimate("host->device").isKnown()).isTrue();
        world.assertNothingHeld();
      }
    }
  }

  @Test
  void wrongUseIsRefused() {
    try (World world = new World(2, 2, 2)) {
      assertThatThrownBy(() -> Onboarder.builder(List.of(), null, world.deadlines, world.executor))
          .isInstanceOf(CallerException.class);
      world.put(HOST, 0, 1);
      Onboarder onboarder = world.onboarder().build();
      world.deadlines.close();
      assertThatThrownBy(() -> onboarder.onboard(keys(0, 1), BY_100_MS))
          .isInstanceOf(ClosedException.class);
      world.assertNothingHeld();
    }
  }
}
