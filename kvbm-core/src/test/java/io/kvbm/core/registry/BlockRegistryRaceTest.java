package io.kvbm.core.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.BlockKey;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BlockRegistryRaceTest {

  private static final int TIER = 2;

  private final ExecutorService executor = Executors.newFixedThreadPool(4);

  @AfterEach
  void shutDown() {
    executor.close();
  }

  @Test
  void case47_evictionRacingReRegistrationKeepsPresence() throws Exception {
    BlockRegistry registry = new BlockRegistry(0);
    for (int round = 0; round < 500; round++) {
      BlockKey key = BlockKey.derived(round);
      BlockRegistration evicted = registry.register(key, TIER);
      CyclicBarrier start = new CyclicBarrier(2);
      Future<Boolean> release =
          executor.submit(
              () -> {
                start.await();
                return evicted.release(TIER);
              });
      start.await();
      BlockRegistration registered = registry.register(key, TIER);
      boolean last = release.get();

      assertThat(registry.isPresent(key, TIER)).as("round %d", round).isTrue();
      assertThat(registry.find(key)).as("round %d", round).containsSame(registered);
      assertThat(registered != evicted).as("a new one after the last copy").isEqualTo(last);
      assertThat(registered.release(TIER)).as("round %d", round).isTrue();
    }
    assertThat(registry.size()).isZero();
  }

  @Test
  void aReaderNeverMissesABlockThatStaysWhileTheTableGrowsAndShrinks() throws Exception {
    BlockRegistry registry = new BlockRegistry(0);
    int kept = 200;
    for (int i = 0; i < kept; i++) {
      registry.register(BlockKey.derived(i), TIER);
    }
    CyclicBarrier start = new CyclicBarrier(4);
    List<Future<Integer>> misses = new ArrayList<>();
    for (int reader = 0; reader < 2; reader++) {
      misses.add(executor.submit(reader(registry, kept, start)));
    }
    List<Future<Void>> writers = new ArrayList<>();
    for (int writer = 0; writer < 2; writer++) {
      writers.add(executor.submit(writer(registry, kept + writer * 50_000, start)));
    }
    for (Future<Void> writer : writers) {
      writer.get();
    }
    for (Future<Integer> reader : misses) {
      assertThat(reader.get()).isZero();
    }
    assertThat(registry.size()).isEqualTo(kept);
  }

  @Test
  void copiesOfManyThreadsAddUp() throws Exception {
    BlockRegistry registry = new BlockRegistry(0);
    CyclicBarrier start = new CyclicBarrier(4);
    List<Future<Void>> futures = new ArrayList<>();
    for (int thread = 0; thread < 4; thread++) {
      futures.add(
          executor.submit(
              () -> {
                start.await();
                for (int i = 0; i < 20_000; i++) {
                  BlockKey key = BlockKey.derived(i % 7);
                  BlockRegistration registration = registry.register(key, i % 3);
                  if (!registration.isPresent(i % 3)) {
                    throw new AssertionError("copy of " + key + " lost while held");
                  }
                  registration.release(i % 3);
                }
                return null;
              }));
    }
    for (Future<Void> future : futures) {
      future.get();
    }
    assertThat(registry.size()).isZero();
  }

  private static Callable<Integer> reader(BlockRegistry registry, int kept, CyclicBarrier start) {
    return () -> {
      start.await();
      int misses = 0;
      for (int i = 0; i < 400_000; i++) {
        misses += registry.isPresent(BlockKey.derived(i % kept), TIER) ? 0 : 1;
      }
      return misses;
    };
  }

  private static Callable<Void> writer(BlockRegistry registry, int from, CyclicBarrier start) {
    return () -> {
      start.await();
      List<BlockRegistration> registrations = new ArrayList<>();
      for (int i = from; i < from + 50_000; i++) {
        registrations.add(registry.register(BlockKey.derived(i), TIER));
        if (i % 3 == 0) {
          registrations.removeLast().release(TIER);
        }
      }
      registrations.forEach(registration -> registration.release(TIER));
      return null;
    };
  }
}
