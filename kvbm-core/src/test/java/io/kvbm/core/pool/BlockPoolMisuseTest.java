package io.kvbm.core.pool;

import static io.kvbm.core.pool.Pools.inactiveChain;
import static io.kvbm.core.pool.Pools.key;
import static io.kvbm.core.pool.Pools.keys;
import static io.kvbm.core.pool.Pools.matchLength;
import static io.kvbm.core.pool.Pools.register;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.BlockMetadata;
import io.kvbm.api.block.CompleteBlock;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.block.WeakBlock;
import io.kvbm.api.hash.CacheSalt;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.core.tokens.HashSchemes;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What callers should not do, and what happens at awkward moments: the pool must stay whole. */
@ExtendWith(FailOnLeak.class)
class BlockPoolMisuseTest {

  private static final int ROUNDS = 3000;

  @Test
  void aRefusedAllocationKeepsTheOrderOfEviction() {
    BlockPool pool = Pools.ofSize(4);
    for (long n = 1; n <= 3; n++) {
      register(pool, key(n), null).close();
    }
    ImmutableBlock held = register(pool, key(4), null);
    refused(ErrorCode.NOT_ENOUGH_BLOCKS_AVAILABLE, () -> pool.allocateBlocks(4));
    List<MutableBlock> taken = pool.allocateBlocks(1);
    assertThat(pool.contains(key(1))).as("the oldest goes first").isFalse();
    assertThat(pool.contains(key(3))).isTrue();
    BlockPool.closeAll(taken);
    held.close();
  }

  @Test
  void aRefusedAllocationKeepsTheOrderOfEvictionAmongChains() {
    BlockPool pool = Pools.ofSize(5);
    inactiveChain(pool, 1, 2);
    inactiveChain(pool, 3, 4);
    ImmutableBlock held = register(pool, key(9), null);
    refused(ErrorCode.NOT_ENOUGH_BLOCKS_AVAILABLE, () -> pool.allocateBlocks(5));
    List<BlockKey> gone = new ArrayList<>();
    List<MutableBlock> taken = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      taken.addAll(pool.allocateBlocks(1));
      for (BlockKey key : keys(1, 2, 3, 4)) {
        if (!pool.contains(key) && !gone.contains(key)) {
          gone.add(key);
        }
      }
    }
    assertThat(gone).containsExactlyElementsOf(keys(2, 1, 4, 3));
    BlockPool.closeAll(taken);
    held.close();
  }

  /** Regression: the policy was told to link the child to a parent it had let go. */
  @Test
  void aRefusedAllocationPutsTheChildOfABlockThatIsBeingMovedOutBack() {
    BlockPool pool = Pools.ofSize(4);
    register(pool, key(1), null).close();
    Eviction leaving = pool.beginEvictions(1).getFirst();
    register(pool, key(2), key(1)).close();
    ImmutableBlock held = register(pool, key(9), null);
    refused(ErrorCode.NOT_ENOUGH_BLOCKS_AVAILABLE, () -> pool.allocateBlocks(4));
    assertThat(pool.contains(key(2))).isTrue();
    assertThat(leaving.finish()).as("it has a child now").isFalse();
    held.close();
    BlockPool.closeAll(pool.allocateBlocks(4));
    assertThat(pool.contains(key(1))).isFalse();
  }

  @Test
  void askingForMoreThanThereCouldEverBeIsACapacityError() {
    BlockPool pool = Pools.ofSize(2);
    assertThatThrownBy(() -> pool.allocateBlocks(Integer.MAX_VALUE))
        .isInstanceOfSatisfying(
            CapacityException.class,
            error -> {
              assertThat(error.requested()).isEqualTo(Integer.MAX_VALUE);
              assertThat(error.available()).isEqualTo(2);
            });
    assertThat(pool.beginEvictions(Integer.MAX_VALUE)).isEmpty();
    assertThat(pool.tryAllocateBlocks(Integer.MAX_VALUE)).isEmpty();
  }

  @Test
  void aRefusedAllocationPutsParentsNamedInACircleBack() {
    BlockPool pool = Pools.ofSize(3);
    register(pool, key(1), key(2)).close();
    register(pool, key(2), key(1)).close();
    ImmutableBlock held = register(pool, key(3), null);
    refused(ErrorCode.NOT_ENOUGH_BLOCKS_AVAILABLE, () -> pool.allocateBlocks(3));
    assertThat(pool.contains(key(1))).isTrue();
    assertThat(pool.contains(key(2))).isTrue();
    held.close();
    BlockPool.closeAll(pool.allocateBlocks(3));
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 0, 3));
  }

  @Test
  void aVictimThatStaysDoesNotCloseACircleOfParents() {
    BlockPool pool = Pools.ofSize(4);
    register(pool, key(1), key(2)).close();
    Eviction picked = pool.beginEvictions(1).getFirst();
    register(pool, key(2), key(1)).close();
    picked.cancel();
    BlockPool.closeAll(pool.allocateBlocks(4));
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 0, 4));
  }

  @Test
  void aVictimWithAResidentChildStays() {
    BlockPool pool = Pools.ofSize(4);
    List<BlockKey> keys = inactiveChain(pool, 1, 2);
    List<Eviction> picked = pool.beginEvictions(2);
    picked.get(0).cancel();
    assertThat(picked.get(1).finish()).as("its child is resident").isFalse();
    assertThat(matchLength(pool, keys)).isEqualTo(2);
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 2, 2));
    BlockPool.closeAll(pool.allocateBlocks(4));
  }

  @Test
  void aWeakBlockThatIsGoneDoesNotRenewTheOneInItsSlot() {
    BlockPool pool = Pools.ofSize(2);
    ImmutableBlock other = register(pool, key(0), null);
    ImmutableBlock block = register(pool, key(1), null);
    WeakBlock weak = block.downgrade();
    pool.remove(block);
    ImmutableBlock oldest = register(pool, key(2), null);
    assertThat(oldest.blockId()).isEqualTo(weak.blockId());
    oldest.close();
    pool.remove(other);
    register(pool, key(3), null).close();
    pool.resetBlocks(List.of()); // tells the policy what was returned so far
    assertThat(weak.upgrade()).isEmpty();
    BlockPool.closeAll(pool.allocateBlocks(1));
    assertThat(pool.contains(key(2))).as("the oldest goes").isFalse();
    assertThat(pool.contains(key(3))).isTrue();
  }

  @Test
  void aSchemeWhoseKeysHideTheSequenceHashSaysSo() {
    BlockPool pool =
        Pools.ofSize(2, builder -> builder.hashScheme(HashSchemes.of("positional-lineage-128")));
    MutableBlock filling = pool.allocateBlocks(1).getFirst();
    filling.initSequence(CacheSalt.ofHash(1337));
    filling.addTokens(1, 2, 3, 4);
    try (ImmutableBlock block = filling.complete().register()) {
      assertThat(matchLength(pool, List.of(block.key()))).isEqualTo(1);
      refused(ErrorCode.UNSUPPORTED, () -> pool.matchSequenceHashes(List.of(block.sequenceHash())));
    }
  }

  @Test
  void aRemovedBlockIsNoDuplicate() {
    BlockPool pool = Pools.ofSize(2);
    ImmutableBlock damaged = register(pool, key(1), null);
    ImmutableBlock other = damaged.share();
    pool.remove(damaged);
    assertThat(pool.contains(key(1))).isFalse();
    assertThat(other.isDuplicate()).as("no other block has its key").isFalse();
    other.close();
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 0, 2));
  }

  @Test
  void removingAndClosingOneHandleAtOnceLosesNoBlock() throws Exception {
    BlockPool pool = Pools.ofSize(1);
    for (int round = 0; round < ROUNDS; round++) {
      ImmutableBlock block = register(pool, key(round), null);
      together(() -> ignoringClosed(() -> pool.remove(block)), block::close);
      assertThat(pool.availableBlocks()).as("round %d", round).isEqualTo(1);
      BlockPool.closeAll(pool.allocateBlocks(1));
    }
  }

  @Test
  void sharingAndClosingOneHandleAtOnceLosesNoBlock() throws Exception {
    BlockPool pool = Pools.ofSize(1);
    for (int round = 0; round < ROUNDS; round++) {
      BlockKey key = key(round);
      ImmutableBlock block = register(pool, key, null);
      together(
          () ->
              ignoringClosed(
                  () -> {
                    try (ImmutableBlock second = block.share()) {
                      assertThat(second.key()).isEqualTo(key);
                    }
                  }),
          () -> {
            block.close();
            pool.tryAllocateBlocks(1).ifPresent(BlockPool::closeAll);
          });
      assertThat(pool.availableBlocks()).as("round %d", round).isEqualTo(1);
      BlockPool.closeAll(pool.allocateBlocks(1));
    }
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 0, 1));
  }

  /**
   * The metadata's hook runs between the end of the last use and the push that tells the policy.
   */
  @Test
  void aReturnThatIsHeldUpDoesNotHideTheBlockFromAllocations() {
    Runnable[] interlude = new Runnable[1];
    BlockPool pool = Pools.ofSize(1);
    MutableBlock filling = pool.allocateBlocks(1).getFirst();
    filling.setMetadata(new InterruptedMetadata(interlude));
    ImmutableBlock block = filling.complete(key(1), null).register();
    AtomicInteger allocated = new AtomicInteger();
    interlude[0] =
        () -> {
          pool.find(key(1)).orElseThrow().close(); // a complete use by somebody else
          pool.tryAllocateBlocks(1)
              .ifPresent(
                  blocks -> {
                    allocated.incrementAndGet();
                    BlockPool.closeAll(blocks);
                  });
        };
    block.close();
    assertThat(allocated).hasValue(1);
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 0, 1));
    BlockPool.closeAll(pool.allocateBlocks(1));
  }

  private record InterruptedMetadata(Runnable[] interlude) implements BlockMetadata {
    @Override
    public void onReturned(long tick) {
      Runnable once = interlude[0];
      interlude[0] = null;
      if (once != null) {
        once.run();
      }
    }

    @Override
    public BlockMetadata reset() {
      return this;
    }
  }

  @Test
  @Timeout(30)
  void leakedBlocksAreReturnedExactlyOnce() throws Exception {
    CountDownLatch reported = new CountDownLatch(20);
    BlockPool pool =
        Pools.ofSize(
            20,
            builder ->
                builder.detectLeaks(
                    text -> {
                      reported.countDown();
                      throw new IllegalArgumentException("a report that fails");
                    }));
    leakEachKindOfHandle(pool);
    while (!reported.await(20, TimeUnit.MILLISECONDS) || pool.availableBlocks() < 20) {
      System.gc();
    }
    assertThat(pool.availableBlocks()).isEqualTo(20);
    assertThat(pool.contains(key(0))).as("a leaked registered block stays").isTrue();
    List<MutableBlock> all = pool.allocateBlocks(20);
    assertThat(all).extracting(MutableBlock::blockId).doesNotHaveDuplicates();
    BlockPool.closeAll(all);
  }

  private static void leakEachKindOfHandle(BlockPool pool) {
    for (int i = 0; i < 5; i++) {
      register(pool, key(i), null);
      assertThat(pool.find(key(i))).isPresent();
      pool.allocateBlocks(1);
      pool.allocateBlocks(1).getFirst().complete(key(100 + i), null);
    }
  }

  @Test
  void aBatchThatIsRefusedWhileABlockIsClosedKeepsTheFreeListWhole() throws Exception {
    BlockPool pool = Pools.ofSize(2);
    for (int round = 0; round < 300; round++) {
      CompleteBlock one = pool.allocateBlocks(1).getFirst().complete(key(1), null);
      together(
          () -> {
            assertThatThrownBy(() -> pool.registerBlocks(List.of(one, one)))
                .isInstanceOf(CallerException.class);
            one.close();
          },
          one::close);
      List<MutableBlock> all = pool.allocateBlocks(2);
      assertThat(all).extracting(MutableBlock::blockId).containsExactlyInAnyOrder(0, 1);
      BlockPool.closeAll(all);
    }
  }

  @Test
  void aStoreThatFoundABlockTwiceOrOutOfRangeIsRefused() {
    BlockPool pool = Pools.ofSize(4);
    pool.restore(stored(2, 1));
    refused(ErrorCode.FAILED_TO_REGISTER_BLOCK, () -> pool.restore(stored(2, 7)));
    refused(ErrorCode.FAILED_TO_REGISTER_BLOCK, () -> pool.restore(stored(3, 1)));
    refused(ErrorCode.INVALID_BLOCK_INDEX, () -> pool.restore(stored(4, 8)));
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 1, 3));
  }

  @Test
  void aRestoredBlockKeepsItsPriority() {
    BlockPool pool = Pools.ofSize(2);
    pool.restore(new StoredBlock(0, key(1), null, 1, 0, 7));
    try (ImmutableBlock restored = pool.find(key(1)).orElseThrow()) {
      assertThat(restored.metadata().priority()).isEqualTo(7);
    }
  }

  @Test
  @Timeout(20)
  void aLargeHalfFullStoreIsRestoredInOneStepPerBlock() {
    int slots = 1 << 18;
    BlockPool pool = BlockPool.builder().logical(Pools.shape(slots)).build();
    for (int slot = slots - 1; slot >= slots / 2; slot--) {
      pool.restore(stored(slot, slot));
    }
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, slots / 2, slots / 2));
    List<MutableBlock> empty = pool.allocateBlocks(slots / 2);
    assertThat(empty).extracting(MutableBlock::blockId).allMatch(id -> id < slots / 2);
    assertThat(pool.statistics().evictions()).isZero();
  }

  private static StoredBlock stored(int slot, long n) {
    return new StoredBlock(slot, key(n), null, 1, 0, 0);
  }

  private static void ignoringClosed(Runnable call) {
    try {
      call.run();
    } catch (CallerException e) {
      assertThat(e.code()).isEqualTo(ErrorCode.BLOCK_STATE_INVALID);
    }
  }

  /** Runs two things at the same time, each on its own thread. */
  private static void together(Runnable one, Runnable other) throws Exception {
    CyclicBarrier start = new CyclicBarrier(2);
    Future<?> first =
        PAIR.submit(
            () -> {
              start.await();
              one.run();
              return null;
            });
    start.await();
    other.run();
    first.get(20, TimeUnit.SECONDS);
  }

  private static final ExecutorService PAIR =
      Executors.newSingleThreadExecutor(task -> Thread.ofPlatform().daemon().unstarted(task));

  private static void refused(ErrorCode code, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            KvbmException.class, error -> assertThat(error.code()).isEqualTo(code));
  }
}
