package io.kvbm.core.pool;

import static io.kvbm.core.pool.Pools.key;
import static io.kvbm.core.pool.Pools.keys;
import static io.kvbm.core.pool.Pools.register;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.block.WeakBlock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BlockPoolRaceTest {

  private final ExecutorService threads = Executors.newFixedThreadPool(8);

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @Test
  void case38_eightThreadsThatAskForEverythingGetItOnce() throws Exception {
    for (int round = 0; round < 50; round++) {
      BlockPool pool = Pools.ofSize(16);
      CyclicBarrier start = new CyclicBarrier(8);
      CyclicBarrier end = new CyclicBarrier(8);
      AtomicInteger granted = new AtomicInteger();
      runEight(
          thread -> {
            start.await();
            Optional<List<MutableBlock>> blocks = pool.tryAllocateBlocks(16);
            granted.addAndGet(blocks.map(List::size).orElse(0));
            end.await();
            blocks.ifPresent(BlockPool::closeAll);
            return null;
          });
      assertThat(granted).hasValue(16);
      assertThat(pool.availableBlocks()).isEqualTo(16);
    }
  }

  @Test
  void case47_aLookupThatRacesTheLastReturnHits() throws Exception {
    BlockPool pool = Pools.ofSize(8);
    for (int round = 0; round < 2000; round++) {
      BlockKey key = key(round);
      ImmutableBlock block = register(pool, key, null);
      CyclicBarrier start = new CyclicBarrier(2);
      Future<Boolean> lookup =
          threads.submit(
              () -> {
                start.await();
                Optional<ImmutableBlock> found = pool.find(key);
                found.ifPresent(ImmutableBlock::close);
                return found.isPresent();
              });
      start.await();
      block.close();
      assertThat(lookup.get()).as("round %d", round).isTrue();
      assertThat(pool.contains(key)).isTrue();
      assertThat(pool.availableBlocks()).isEqualTo(8);
    }
  }

  @Test
  void aLookupNeverMissesABlockThatStays() throws Exception {
    BlockPool pool = Pools.ofSize(64);
    ImmutableBlock stays = register(pool, key(-1), null);
    AtomicInteger misses = new AtomicInteger();
    runEight(
        thread -> {
          for (int i = 0; i < 20_000; i++) {
            if (thread < 4) {
              register(pool, key(thread * 1_000_000L + i), null).close();
            } else {
              Optional<ImmutableBlock> found = pool.find(key(-1));
              misses.addAndGet(found.isPresent() ? 0 : 1);
              found.ifPresent(ImmutableBlock::close);
            }
          }
          return null;
        });
    assertThat(misses).hasValue(0);
    stays.close();
    assertThat(pool.availableBlocks()).isEqualTo(64);
  }

  /**
   * Each slot's content is one number; whoever holds a block sees that of its key until it lets go.
   */
  @Test
  void aBlockInUseNeverChangesItsContent() throws Exception {
    long seed = System.nanoTime();
    int blocks = 24;
    BlockPool pool = Pools.ofSize(blocks);
    AtomicLongArray content = new AtomicLongArray(blocks);
    runEight(
        thread -> {
          SplittableRandom random = new SplittableRandom(seed + thread);
          List<WeakBlock> weak = new ArrayList<>();
          for (int i = 0; i < 15_000; i++) {
            long chain = random.nextInt(6);
            int length = 1 + random.nextInt(6);
            switch (random.nextInt(4)) {
              case 0, 1 -> useChain(pool, content, chain, length);
              case 2 -> fillChain(pool, content, chain, length, weak);
              default -> reviveOne(content, weak, random);
            }
          }
          return null;
        });
    assertThat(pool.availableBlocks()).as("seed %d", seed).isEqualTo(blocks);
    List<MutableBlock> all = pool.allocateBlocks(blocks);
    assertThat(all).as("every block can be evicted, seed %d", seed).hasSize(blocks);
    BlockPool.closeAll(all);
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 0, blocks));
  }

  @Test
  void pickedVictimsAndAllocationsDoNotGetInEachOthersWay() throws Exception {
    long seed = System.nanoTime();
    BlockPool pool = Pools.ofSize(32);
    runEight(
        thread -> {
          SplittableRandom random = new SplittableRandom(seed + thread);
          for (int i = 0; i < 4_000; i++) {
            switch (random.nextInt(4)) {
              case 0 -> {
                for (Eviction eviction : pool.beginEvictions(1 + random.nextInt(4))) {
                  if (random.nextBoolean()) {
                    eviction.finish();
                  } else {
                    eviction.cancel();
                  }
                }
              }
              case 1 ->
                  pool.tryAllocateBlocks(1 + random.nextInt(3)).ifPresent(BlockPool::closeAll);
              case 2 -> pool.find(key(random.nextInt(40))).ifPresent(pool::remove);
              default -> {
                long n = random.nextInt(40);
                pool.tryAllocateBlocks(1)
                    .ifPresent(b -> b.getFirst().complete(key(n), key(n / 2)).register().close());
              }
            }
          }
          return null;
        });
    assertThat(pool.availableBlocks()).as("seed %d", seed).isEqualTo(32);
    BlockPool.closeAll(pool.allocateBlocks(32));
  }

  private static void useChain(BlockPool pool, AtomicLongArray content, long chain, int length) {
    List<ImmutableBlock> found = pool.matchBlocks(chainKeys(chain, length));
    for (int i = 0; i < found.size(); i++) {
      ImmutableBlock block = found.get(i);
      assertThat(block.key()).isEqualTo(chainKeys(chain, length).get(i));
      assertThat(content.get(block.blockId())).isEqualTo(block.key().lo());
    }
    BlockPool.closeAll(found);
  }

  private static void fillChain(
      BlockPool pool, AtomicLongArray content, long chain, int length, List<WeakBlock> weak) {
    BlockKey parent = null;
    List<ImmutableBlock> held = new ArrayList<>();
    for (BlockKey key : chainKeys(chain, length)) {
      Optional<ImmutableBlock> present = pool.find(key);
      if (present.isPresent()) {
        held.add(present.get());
      } else {
        Optional<List<MutableBlock>> fresh = pool.tryAllocateBlocks(1);
        if (fresh.isEmpty()) {
          break;
        }
        MutableBlock block = fresh.get().getFirst();
        content.set(block.blockId(), key.lo());
        held.add(block.complete(key, parent).register());
      }
      weak.add(held.getLast().downgrade());
      parent = key;
    }
    BlockPool.closeAll(held);
  }

  private static void reviveOne(
      AtomicLongArray content, List<WeakBlock> weak, SplittableRandom random) {
    if (weak.isEmpty()) {
      return;
    }
    WeakBlock one = weak.remove(random.nextInt(weak.size()));
    one.upgrade()
        .ifPresent(
            block -> {
              assertThat(block.key()).isEqualTo(one.key());
              assertThat(content.get(block.blockId())).isEqualTo(one.key().lo());
              block.close();
            });
  }

  private static List<BlockKey> chainKeys(long chain, int length) {
    long[] numbers = new long[length];
    for (int i = 0; i < length; i++) {
      numbers[i] = chain * 100 + i;
    }
    return keys(numbers);
  }

  private void runEight(ThreadBody body) throws Exception {
    List<Future<Void>> running = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      int thread = i;
      running.add(threads.submit((Callable<Void>) () -> body.run(thread)));
    }
    for (Future<Void> one : running) {
      one.get();
    }
  }

  @FunctionalInterface
  private interface ThreadBody {
    Void run(int thread) throws Exception;
  }
}
