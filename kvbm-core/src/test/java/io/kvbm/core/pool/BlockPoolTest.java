package io.kvbm.core.pool;

import static io.kvbm.core.pool.Pools.chain;
import static io.kvbm.core.pool.Pools.ids;
import static io.kvbm.core.pool.Pools.inactiveChain;
import static io.kvbm.core.pool.Pools.key;
import static io.kvbm.core.pool.Pools.keys;
import static io.kvbm.core.pool.Pools.matchLength;
import static io.kvbm.core.pool.Pools.register;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CancellationToken;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BasicMetadata;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.CompleteBlock;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.block.SequenceHash;
import io.kvbm.api.block.WeakBlock;
import io.kvbm.api.event.EventManager;
import io.kvbm.api.hash.CacheSalt;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.core.policy.EvictionPolicies;
import io.kvbm.core.registry.BlockRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(FailOnLeak.class)
class BlockPoolTest {

  @Test
  void case10_aReturnIsSynchronous() {
    BlockPool pool = Pools.ofSize(7);
    MutableBlock block = pool.allocateBlocks(1).getFirst();
    assertThat(pool.availableBlocks()).isEqualTo(6);
    block.close();
    assertThat(pool.availableBlocks()).isEqualTo(7);
    assertThat(pool.totalBlocks()).isEqualTo(7);
  }

  @Test
  void case11_aRegisteredBlockIsFoundByItsHash() {
    BlockPool pool = Pools.ofSize(7);
    MutableBlock block = pool.allocateBlocks(1).getFirst();
    block.initSequence(CacheSalt.ofHash(1337));
    block.addTokens(1, 2, 3, 4);
    block.markComplete();
    ImmutableBlock registered = pool.registerBlocks(List.of(block)).getFirst();
    SequenceHash hash = registered.sequenceHash();
    assertThat(hash.toString()).isEqualTo("14643705804678351452");
    int id = registered.blockId();
    registered.close();
    List<ImmutableBlock> found = pool.matchSequenceHashes(List.of(hash));
    assertThat(ids(found)).containsExactly(id);
    BlockPool.closeAll(found);
  }

  @Test
  void case12_allocationsEvictAChainFromItsEnd() {
    BlockPool pool = Pools.ofSize(4);
    List<BlockKey> keys = inactiveChain(pool, 1, 2, 3, 4);
    BlockPool.closeAll(pool.allocateBlocks(1));
    assertThat(matchLength(pool, keys)).isEqualTo(3);
    BlockPool.closeAll(pool.allocateBlocks(2));
    assertThat(matchLength(pool, keys)).isEqualTo(2);
    BlockPool.closeAll(pool.allocateBlocks(4));
    assertThat(matchLength(pool, keys)).isZero();
  }

  @Test
  void case13_childrenGoBeforeTheirRoot() {
    BlockPool pool = Pools.ofSize(3);
    ImmutableBlock root = register(pool, key(1), null);
    ImmutableBlock left = register(pool, key(2), key(1));
    ImmutableBlock right = register(pool, key(3), key(1));
    root.close();
    left.close();
    right.close();
    List<MutableBlock> held = pool.allocateBlocks(2);
    assertThat(pool.contains(key(2))).isFalse();
    assertThat(pool.contains(key(3))).isFalse();
    assertThat(matchLength(pool, keys(1))).isEqualTo(1);
    BlockPool.closeAll(held);
  }

  @Test
  void case14_matchingAWholeChainKeepsTheOrderOfEviction() {
    BlockPool pool = Pools.ofSize(4);
    List<BlockKey> keys = inactiveChain(pool, 1, 2, 3, 4);
    List<ImmutableBlock> matched = pool.matchBlocks(keys);
    matched.forEach(ImmutableBlock::close); // the root first, which makes it the oldest
    for (int left = 3; left >= 0; left--) {
      BlockPool.closeAll(pool.allocateBlocks(4 - left));
      assertThat(matchLength(pool, keys)).isEqualTo(left);
      if (left > 0) {
        pool.matchBlocks(keys).forEach(ImmutableBlock::close);
      }
    }
  }

  /**
   * Dynamo evicts block 1 under the resident, touched block 2; a leaf goes first here, touched or
   * not.
   */
  @Test
  void case15_aTouchedLeafStillGoesBeforeItsParent() {
    BlockPool pool = Pools.ofSize(4);
    List<BlockKey> keys = inactiveChain(pool, 1, 2, 3, 4);
    List<MutableBlock> held = new ArrayList<>(pool.allocateBlocks(1));
    assertThat(pool.contains(key(4))).isFalse();
    assertThat(pool.touch(keys(3))).isEqualTo(1);
    held.addAll(pool.allocateBlocks(1));
    assertThat(pool.contains(key(3))).isFalse();
    assertThat(matchLength(pool, keys)).isEqualTo(2);
    held.addAll(pool.allocateBlocks(1));
    assertThat(matchLength(pool, keys)).isEqualTo(1);
    BlockPool.closeAll(held);
  }

  @Test
  void case15_aTouchDecidesBetweenLeaves() {
    BlockPool pool = Pools.ofSize(3);
    for (long n = 1; n <= 3; n++) {
      register(pool, key(n), null).close();
    }
    assertThat(pool.touch(keys(1, 99))).isEqualTo(1);
    List<MutableBlock> held = pool.allocateBlocks(1);
    assertThat(pool.contains(key(2))).isFalse();
    assertThat(pool.contains(key(1))).isTrue();
    BlockPool.closeAll(held);
  }

  @Test
  void case16_allowedDuplicatesLiveBesideTheirPrimary() {
    BlockPool pool = Pools.ofSize(7, builder -> builder.duplicates(DuplicatePolicy.ALLOW));
    ImmutableBlock primary = register(pool, key(1), null);
    assertThat(pool.availableBlocks()).isEqualTo(6);
    ImmutableBlock duplicate = register(pool, key(1), null);
    assertThat(duplicate.blockId()).isNotEqualTo(primary.blockId());
    assertThat(duplicate.isDuplicate()).isTrue();
    assertThat(primary.isDuplicate()).isFalse();
    assertThat(pool.availableBlocks()).isEqualTo(5);
    refused(ErrorCode.RESET_REFUSED, pool::reset);
    refused(ErrorCode.NOT_RETURNABLE, () -> pool.returnBlock(primary));
    primary.close();
    assertThat(pool.availableBlocks()).as("the duplicate keeps its primary").isEqualTo(5);
    duplicate.close();
    assertThat(pool.availableBlocks()).isEqualTo(7);
    assertThat(matchLength(pool, keys(1))).isEqualTo(1);
    pool.reset();
    assertThat(matchLength(pool, keys(1))).isZero();
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 0, 7));
  }

  @Test
  void case16_aRejectedDuplicateGivesThePrimary() {
    BlockPool pool = Pools.ofSize(7);
    ImmutableBlock primary = register(pool, key(1), null);
    ImmutableBlock second = register(pool, key(1), null);
    assertThat(second.blockId()).isEqualTo(primary.blockId());
    assertThat(second.isDuplicate()).isFalse();
    assertThat(pool.availableBlocks()).isEqualTo(6);
    primary.close();
    assertThat(pool.availableBlocks()).isEqualTo(6);
    pool.returnBlock(second);
    assertThat(pool.availableBlocks()).isEqualTo(7);
  }

  @Test
  void case18_statusAndResets() {
    BlockPool pool = Pools.ofSize(8);
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 0, 8));
    ImmutableBlock held = register(pool, key(7), null);
    refused(ErrorCode.RESET_REFUSED, pool::reset);
    assertThat(pool.status()).isEqualTo(new PoolStatus(1, 0, 7));
    ResetReport report = pool.resetBlocks(keys(7, 1337));
    assertThat(report.reset()).isEmpty();
    assertThat(report.notFound()).containsExactly(key(1337));
    assertThat(report.notReset()).containsExactly(key(7));
    held.close();
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 1, 7));
    assertThat(pool.resetBlocks(keys(7)).reset()).containsExactly(key(7));
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 0, 8));
  }

  @Test
  void resettingAParentWaitsForItsChildren() {
    BlockPool pool = Pools.ofSize(4);
    List<BlockKey> keys = inactiveChain(pool, 1, 2, 3);
    assertThat(pool.resetBlocks(keys).notReset()).containsExactly(key(1), key(2));
    assertThat(pool.resetBlocks(keys(2, 1)).reset()).containsExactly(key(2), key(1));
    assertThat(pool.availableBlocks()).isEqualTo(4);
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 24, 1000})
  void case37_aPageSizeThatIsNoPowerOfTwoIsRefused(int pageSize) {
    LayoutConfig shape = new LayoutConfig(1, 1, 1, pageSize, 8, DType.FP16, 1);
    assertThatThrownBy(() -> BlockPool.builder().logical(shape).build())
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(String.valueOf(pageSize));
  }

  @Test
  void case37_zeroBlocksAndPagesOutOfRangeAreRefused() {
    assertThatThrownBy(() -> Pools.ofSize(0)).isInstanceOf(ConfigurationException.class);
    for (int pageSize : new int[] {0, 2048}) {
      assertThatThrownBy(() -> new LayoutConfig(1, 1, 1, pageSize, 8, DType.FP16, 1))
          .isInstanceOf(ConfigurationException.class);
    }
    assertThatThrownBy(() -> BlockPool.builder().build())
        .isInstanceOf(ConfigurationException.class);
  }

  @Test
  void case38_anAllocationThatIsTooLargeTakesNothing() {
    BlockPool pool = Pools.ofSize(4);
    List<BlockKey> keys = inactiveChain(pool, 1, 2);
    assertThatThrownBy(() -> pool.allocateBlocks(5))
        .isInstanceOfSatisfying(
            CapacityException.class,
            error -> {
              assertThat(error.code()).isEqualTo(ErrorCode.NOT_ENOUGH_BLOCKS_AVAILABLE);
              assertThat(error.requested()).isEqualTo(5);
              assertThat(error.available()).isEqualTo(4);
            });
    assertThat(pool.tryAllocateBlocks(5)).isEmpty();
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 2, 2));
    assertThat(matchLength(pool, keys)).as("nothing was evicted").isEqualTo(2);
    assertThat(pool.statistics().rollbacks()).isEqualTo(2);
    BlockPool.closeAll(pool.allocateBlocks(4));
  }

  @Test
  void case39_unregisteredBlocksReturnToTheEmptyOnes() {
    BlockPool pool = Pools.ofSize(4);
    pool.allocateBlocks(1).getFirst().close();
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 0, 4));
    CompleteBlock complete = pool.allocateBlocks(1).getFirst().complete(key(1), null);
    complete.close();
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 0, 4));
    assertThat(pool.contains(key(1))).isFalse();
    register(pool, key(1), null).close();
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 1, 3));
  }

  @Test
  void case40_aBatchKeepsItsOrderAndHandsBackPrimaries() {
    BlockPool pool = Pools.ofSize(8);
    ImmutableBlock present = register(pool, key(1), null);
    List<CompleteBlock> batch = new ArrayList<>();
    long[] numbers = {2, 1, 2, 3};
    for (MutableBlock block : pool.allocateBlocks(4)) {
      batch.add(block.complete(key(numbers[batch.size()]), null));
    }
    List<ImmutableBlock> result = pool.registerBlocks(batch);
    assertThat(result).extracting(ImmutableBlock::key).containsExactlyElementsOf(keys(2, 1, 2, 3));
    assertThat(result.get(1).blockId()).isEqualTo(present.blockId());
    assertThat(result.get(2).blockId()).isEqualTo(result.get(0).blockId());
    assertThat(pool.statistics().deduplications()).isEqualTo(2);
    assertThat(pool.status()).isEqualTo(new PoolStatus(3, 0, 5));
    BlockPool.closeAll(result);
    present.close();
  }

  @Test
  void case40_droppingADuplicateKeepsPresence() {
    BlockRegistry registry = new BlockRegistry(16);
    BlockPool pool =
        Pools.ofSize(4, builder -> builder.duplicates(DuplicatePolicy.ALLOW).registry(registry, 1));
    ImmutableBlock primary = register(pool, key(1), null);
    ImmutableBlock duplicate = register(pool, key(1), null);
    duplicate.close();
    assertThat(registry.isPresent(key(1), 1)).isTrue();
    primary.close();
    assertThat(registry.isPresent(key(1), 1)).isTrue();
    BlockPool.closeAll(pool.allocateBlocks(4));
    assertThat(registry.isPresent(key(1), 1)).isFalse();
  }

  @Test
  void case41_aMatchMixesActiveAndInactiveBlocks() {
    BlockPool pool = Pools.ofSize(8);
    List<BlockKey> keys = keys(1, 2, 3, 4, 5, 6);
    List<ImmutableBlock> blocks = chain(pool, keys);
    blocks.get(2).close();
    blocks.get(3).close();
    assertThat(matchLength(pool, keys)).isEqualTo(6);
    assertThat(matchLength(pool, keys(1, 2, 99, 3))).isEqualTo(2);
    assertThat(matchLength(pool, List.of())).isZero();
    assertThat(matchLength(pool, keys(99, 1))).isZero();
    PoolStatistics statistics = pool.statistics();
    assertThat(statistics.matchRequested()).isEqualTo(12);
    assertThat(statistics.matchReturned()).isEqualTo(8);
    BlockPool.closeAll(blocks);
  }

  @Test
  void case41_eachReturnedBlockIsToldOnce() {
    List<Integer> matched = new ArrayList<>();
    BlockPool pool = Pools.ofSize(4, builder -> builder.events(new RecordingEvents(matched)));
    List<BlockKey> keys = inactiveChain(pool, 1, 2, 3);
    List<ImmutableBlock> found = pool.matchBlocks(keys);
    assertThat(matched).containsExactly(0, 1, 2);
    BlockPool.closeAll(found);
    matched.clear();
    assertThat(matchLength(pool, keys(42))).isZero();
    assertThat(matched).isEmpty();
  }

  @Test
  void case42_aScatteredMatchAnswersEachKey() {
    BlockPool pool = Pools.ofSize(8);
    ImmutableBlock active = register(pool, key(1), null);
    register(pool, key(3), null).close();
    ImmutableBlock later = register(pool, key(4), null);
    PoolStatistics before = pool.statistics();
    List<Optional<ImmutableBlock>> found = pool.matchScattered(keys(1, 2, 3, 3, 4));
    assertThat(found).hasSize(5);
    assertThat(found.get(1)).isEmpty();
    assertThat(found.get(2).orElseThrow().blockId())
        .isEqualTo(found.get(3).orElseThrow().blockId());
    PoolStatistics after = pool.statistics();
    assertThat(after.scatteredRequested() - before.scatteredRequested()).isEqualTo(5);
    assertThat(after.scatteredReturned() - before.scatteredReturned()).isEqualTo(4);
    assertThat(after.matchRequested()).isEqualTo(before.matchRequested());
    found.forEach(block -> block.ifPresent(ImmutableBlock::close));
    active.close();
    later.close();
  }

  @Test
  void case43_aWeakBlockIsRevivedUntilItIsEvicted() {
    BlockPool pool = Pools.ofSize(2);
    ImmutableBlock block = register(pool, key(1), null);
    WeakBlock weak = block.downgrade();
    block.close();
    ImmutableBlock again = weak.upgrade().orElseThrow();
    assertThat(again.blockId()).isEqualTo(weak.blockId());
    assertThat(pool.status()).isEqualTo(new PoolStatus(1, 0, 1));
    again.close();
    BlockPool.closeAll(pool.allocateBlocks(2));
    assertThat(weak.upgrade()).isEmpty();
    register(pool, key(2), null).close();
    register(pool, key(1), null).close();
    assertThat(weak.upgrade()).as("another filling of the slot is another block").isEmpty();
  }

  @Test
  void sharedBlocksAreInUseUntilTheLastHandleIsClosed() {
    BlockPool pool = Pools.ofSize(1);
    ImmutableBlock block = register(pool, key(1), null);
    ImmutableBlock second = block.share();
    block.close();
    refused(ErrorCode.NOT_ENOUGH_BLOCKS_AVAILABLE, () -> pool.allocateBlocks(1));
    second.close();
    BlockPool.closeAll(pool.allocateBlocks(1));
  }

  @Test
  void aParentStaysWhileAChildIsInUse() {
    BlockPool pool = Pools.ofSize(2);
    List<ImmutableBlock> blocks = chain(pool, keys(1, 2));
    blocks.get(0).close();
    refused(ErrorCode.NOT_ENOUGH_BLOCKS_AVAILABLE, () -> pool.allocateBlocks(1));
    assertThat(pool.contains(key(1))).isTrue();
    blocks.get(1).close();
    BlockPool.closeAll(pool.allocateBlocks(2));
  }

  @Test
  void aChildRegisteredBeforeItsParentIsAdopted() {
    BlockPool pool = Pools.ofSize(3);
    register(pool, key(2), key(1)).close();
    register(pool, key(3), key(1)).close();
    register(pool, key(1), null).close();
    List<MutableBlock> held = pool.allocateBlocks(2);
    assertThat(pool.contains(key(1))).isTrue();
    assertThat(pool.contains(key(2))).isFalse();
    assertThat(pool.contains(key(3))).isFalse();
    BlockPool.closeAll(held);
  }

  @Test
  void parentsNamedInACircleCanStillBeEvicted() {
    BlockPool pool = Pools.ofSize(3);
    register(pool, key(1), key(3)).close();
    register(pool, key(2), key(1)).close();
    register(pool, key(3), key(2)).close();
    BlockPool.closeAll(pool.allocateBlocks(3));
    assertThat(pool.statistics().evictions()).isEqualTo(3);
  }

  @Test
  void aBlockThatNamesItselfAsParentCanBeEvicted() {
    BlockPool pool = Pools.ofSize(1);
    register(pool, key(1), key(1)).close();
    BlockPool.closeAll(pool.allocateBlocks(1));
    assertThat(pool.contains(key(1))).isFalse();
  }

  @Test
  void keysThatShareTheirHashAreToldApart() {
    BlockPool pool = Pools.ofSize(4);
    BlockKey one = new BlockKey(1, 7);
    BlockKey other = new BlockKey(2, 7);
    ImmutableBlock first = register(pool, one, null);
    assertThat(pool.contains(other)).isFalse();
    assertThat(pool.matchBlocks(List.of(other))).isEmpty();
    ImmutableBlock second = register(pool, other, null);
    assertThat(second.blockId()).isNotEqualTo(first.blockId());
    first.close();
    second.close();
    assertThat(ids(closed(pool.matchBlocks(List.of(other))))).containsExactly(second.blockId());
  }

  @Test
  void priorityDecidesWhoIsEvicted() {
    BlockPool pool =
        Pools.ofSize(3, builder -> builder.evictionPolicy(EvictionPolicies.of("priority")));
    int[] priorities = {5, 1, 3};
    for (int i = 0; i < 3; i++) {
      MutableBlock block = pool.allocateBlocks(1).getFirst();
      block.setMetadata(new BasicMetadata(priorities[i]));
      block.complete(key(i), null).register().close();
    }
    List<MutableBlock> held = pool.allocateBlocks(2);
    assertThat(pool.contains(key(0))).isTrue();
    assertThat(pool.contains(key(1))).isFalse();
    assertThat(pool.contains(key(2))).isFalse();
    BlockPool.closeAll(held);
    try (ImmutableBlock fresh = register(pool, key(77), null)) {
      assertThat(fresh.metadata().priority()).as("a reset clears the priority").isZero();
    }
  }

  @Test
  void metadataTravelsWithTheBlock() {
    BlockPool pool = Pools.ofSize(2);
    BasicMetadata mine = new BasicMetadata(9);
    MutableBlock block = pool.allocateBlocks(1).getFirst();
    block.setMetadata(mine);
    block.complete(key(1), null).register().close();
    ImmutableBlock found = pool.find(key(1)).orElseThrow();
    assertThat(found.metadata()).isSameAs(mine);
    found.close();
    assertThat(mine.returnedTick()).isPositive();
  }

  @Test
  void aPickedVictimIsFoundUntilItIsGone() {
    BlockPool pool = Pools.ofSize(4);
    List<BlockKey> keys = inactiveChain(pool, 1, 2, 3);
    List<Eviction> picked = pool.beginEvictions(2);
    assertThat(picked).extracting(p -> p.block().key()).containsExactly(key(3), key(2));
    assertThat(matchLength(pool, keys)).isEqualTo(3);
    assertThat(picked.get(0).finish()).isTrue();
    assertThat(picked.get(0).finish()).isFalse();
    assertThat(matchLength(pool, keys)).isEqualTo(2);
    ImmutableBlock user = pool.find(key(2)).orElseThrow();
    assertThat(picked.get(1).finish()).as("somebody uses it again").isFalse();
    user.close();
    assertThat(matchLength(pool, keys)).isEqualTo(2);
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 2, 2));
    BlockPool.closeAll(pool.allocateBlocks(4));
  }

  @Test
  void aCancelledVictimIsEvictedInItsTurn() {
    BlockPool pool = Pools.ofSize(2);
    inactiveChain(pool, 1, 2);
    pool.beginEvictions(5).forEach(Eviction::close);
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 2, 0));
    List<MutableBlock> held = pool.allocateBlocks(1);
    assertThat(pool.contains(key(1))).isTrue();
    assertThat(pool.contains(key(2))).isFalse();
    BlockPool.closeAll(held);
  }

  @Test
  void aDamagedBlockIsNoLongerFound() {
    BlockPool pool = Pools.ofSize(4);
    List<BlockKey> keys = inactiveChain(pool, 1, 2, 3);
    ImmutableBlock damaged = pool.find(key(2)).orElseThrow();
    ImmutableBlock other = pool.find(key(2)).orElseThrow();
    pool.remove(damaged);
    assertThat(matchLength(pool, keys)).isEqualTo(1);
    assertThat(other.key()).isEqualTo(key(2));
    other.close();
    register(pool, key(2), key(1)).close();
    assertThat(matchLength(pool, keys)).as("the child waits for its parent").isEqualTo(3);
    BlockPool.closeAll(pool.allocateBlocks(4));
  }

  @Test
  void aDamagedVictimLeavesOnce() {
    BlockPool pool = Pools.ofSize(2);
    inactiveChain(pool, 1);
    Eviction picked = pool.beginEvictions(1).getFirst();
    pool.remove(pool.find(key(1)).orElseThrow());
    assertThat(picked.finish()).isFalse();
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 0, 2));
  }

  @Test
  void pendingCallsEndWithTheCancellation() {
    CancellationToken token = new CancellationToken();
    List<Runnable> queued = new ArrayList<>();
    BlockPool pool = Pools.ofSize(4, builder -> builder.cancellation(token).executor(queued::add));
    var pending = pool.allocateBlocksAsync(2).toCompletableFuture();
    token.cancel();
    assertThatThrownBy(pending::join)
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOfSatisfying(
            ClosedException.class,
            error -> assertThat(error.code()).isEqualTo(ErrorCode.PROGRESS_ENGINE_SHUTDOWN));
    queued.forEach(Runnable::run);
    assertThat(pool.availableBlocks()).isEqualTo(4);
    refused(ErrorCode.PROGRESS_ENGINE_SHUTDOWN, () -> pool.allocateBlocks(1));
    refused(ErrorCode.PROGRESS_ENGINE_SHUTDOWN, () -> pool.matchBlocks(keys(1)));
    assertThat(pool.matchSequenceHashesAsync(List.of()).toCompletableFuture())
        .isCompletedExceptionally();
  }

  @Test
  void asynchronousCallsDoWhatTheirTwinsDo() {
    BlockPool pool = Pools.ofSize(4, builder -> builder.executor(Runnable::run));
    MutableBlock block = pool.allocateBlocksAsync(1).toCompletableFuture().join().getFirst();
    ImmutableBlock registered =
        pool.registerBlocksAsync(List.of(block.complete(key(1), null)))
            .toCompletableFuture()
            .join()
            .getFirst();
    registered.close();
    assertThat(ids(closed(pool.matchBlocksAsync(keys(1)).toCompletableFuture().join())))
        .containsExactly(0);
    assertThat(pool.allocateBlocksAsync(9).toCompletableFuture()).isCompletedExceptionally();
  }

  private static List<ImmutableBlock> closed(List<ImmutableBlock> blocks) {
    BlockPool.closeAll(blocks);
    return blocks;
  }

  private static void refused(ErrorCode code, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            KvbmException.class, error -> assertThat(error.code()).isEqualTo(code));
  }

  private record RecordingEvents(List<Integer> matched) implements EventManager {
    @Override
    public void blockAllocated(int blockId) {}

    @Override
    public void blockRegistered(int blockId, SequenceHash sequenceHash) {}

    @Override
    public void blockMatched(int blockId, SequenceHash sequenceHash) {
      matched.add(blockId);
    }

    @Override
    public void blockEvicted(int blockId) {}
  }
}
