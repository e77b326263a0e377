package io.kvbm.core.offload;

import static io.kvbm.core.offload.OffloadTiers.assertBalanced;
import static io.kvbm.core.offload.OffloadTiers.fill;
import static io.kvbm.core.offload.OffloadTiers.has;
import static io.kvbm.core.offload.OffloadTiers.key;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ClosedException;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.TestTiers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Four threads that offload, cancel and evict while one of them closes and batches stall. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OffloadStressTest {

  private static final int THREADS = 4;
  private static final int STEPS = 300;
  private static final int ROUNDS = 12;
  private static final int KEYS = 64;

  /** So much at a time, and not enough in all for a close to give up. */
  private static final Duration TIME_PASSES = Duration.ofNanos(1000);

  private final Queue<OffloadHandle> handles = new ConcurrentLinkedQueue<>();

  @Test
  void whateverHappensEveryBlockIsAccountedForAndWhatArrivedIsRight() throws Exception {
    long seed = ThreadLocalRandom.current().nextLong();
    System.out.println("OffloadStressTest seed " + seed);
    for (int round = 0; round < ROUNDS; round++) {
      round(seed + round, round % 2 == 1, round % 3 == 2);
    }
  }

  private void round(long seed, boolean closesEarly, boolean stalls) throws Exception {
    handles.clear();
    try (ExecutorService users = Executors.newFixedThreadPool(THREADS);
        ExecutorService starts = Executors.newFixedThreadPool(2);
        ExecutorService copies = Executors.newFixedThreadPool(2);
        OffloadTiers tiers = new OffloadTiers(32, 24, 16)) {
      tiers.transport.copier = copies;
      long stallNanos = stalls ? TIME_PASSES.toNanos() : 0;
      Offloader offloader =
          tiers.offloader(
              starts,
              tiers
                  .edge(WritePolicy.THROUGH, 4)
                  .withLimits(OffloadTiers.limits(12, 4, 2).withStallNanos(stallNanos)),
              OffloadEdge.of(tiers.host, tiers.disk, WritePolicy.SELECTIVE)
                  .withLimits(OffloadTiers.limits(6, 3, 2).withStallNanos(stallNanos)));
      CyclicBarrier start = new CyclicBarrier(THREADS);
      List<Future<?>> running = new ArrayList<>();
      for (int thread = 0; thread < THREADS; thread++) {
        SplittableRandom random = new SplittableRandom(seed * THREADS + thread);
        boolean closes = closesEarly && thread == 0;
        running.add(
            users.submit(
                () -> {
                  start.await();
                  use(tiers, offloader, random, closes);
                  return true;
                }));
      }
      for (Future<?> user : running) {
        user.get(60, TimeUnit.SECONDS);
      }
      if (!closesEarly) {
        assertThat(offloader.flush(Long.MAX_VALUE / 2)).isTrue();
      }
      offloader.close();
      if (stalls) { // what has stalled is not waited for
        TestTiers.await(() -> inUse(tiers) == 0);
      }
      check(tiers, offloader, seed, stalls);
    }
  }

  private static long inUse(OffloadTiers tiers) {
    return Stream.of(tiers.device, tiers.host, tiers.disk)
        .mapToLong(tier -> tier.pool().status().active())
        .sum();
  }

  private void use(
      OffloadTiers tiers, Offloader offloader, SplittableRandom random, boolean closes) {
    for (int step = 0; step < STEPS; step++) {
      if (closes && step == STEPS / 2) {
        offloader.close();
      }
      try {
        step(tiers, offloader, random);
      } catch (ClosedException _) {
        // another thread closed it; the rest goes on registering and evicting
      }
      assertBalanced(offloader.statistics(tiers.device, tiers.host));
      assertBalanced(offloader.statistics(tiers.host, tiers.disk));
    }
  }

  private void step(OffloadTiers tiers, Offloader offloader, SplittableRandom random) {
    switch (random.nextInt(7)) {
      case 0, 1 -> registerChain(tiers, offloader, random);
      case 2, 3 -> offloadFound(tiers, offloader, random);
      case 4 -> {
        OffloadHandle handle = handles.poll();
        if (handle != null) {
          handle.cancel();
          assertThat(handle.await()).hasSize(handle.blockCount());
        }
      }
      case 5 -> tiers.pass(TIME_PASSES);
      default -> // evicts
          tiers
              .device
              .pool()
              .tryAllocateBlocks(random.nextInt(1, 9))
              .ifPresent(BlockPool::closeAll);
    }
  }

  private static void registerChain(
      OffloadTiers tiers, Offloader offloader, SplittableRandom random) {
    Optional<List<MutableBlock>> empty =
        tiers.device.pool().tryAllocateBlocks(random.nextInt(1, 5));
    if (empty.isEmpty()) {
      return;
    }
    List<ImmutableBlock> chain = new ArrayList<>();
    long n = random.nextInt(KEYS);
    for (MutableBlock block : empty.get()) {
      chain.add(fill(block, n).complete(key(n), n % 8 == 0 ? null : key(n - 1)).register());
      n = (n + 1) % KEYS;
    }
    offloader.registered(tiers.device, chain);
    BlockPool.closeAll(chain);
  }

  private void offloadFound(OffloadTiers tiers, Offloader offloader, SplittableRandom random) {
    List<ImmutableBlock> found = new ArrayList<>();
    int count = random.nextInt(1, 6);
    for (int i = 0; i < count; i++) {
      tiers.device.pool().find(key(random.nextInt(KEYS))).ifPresent(found::add);
    }
    OffloadOptions options = new OffloadOptions(random.nextInt(3), 0);
    try {
      handles.add(offloader.offload(tiers.device, tiers.host, found, options));
      offloader.registered(tiers.device, found);
    } finally {
      BlockPool.closeAll(found);
    }
  }

  private void check(OffloadTiers tiers, Offloader offloader, long seed, boolean stalls) {
    for (OffloadStatistics statistics : offloader.statistics().values()) {
      assertBalanced(statistics);
      assertThat(statistics.queued()).as("seed %d", seed).isZero();
      assertThat(statistics.inFlight()).as("seed %d", seed).isZero();
      assertThat(statistics.undrained()).isZero();
      if (stalls) {
        assertThat(statistics.failed()).isGreaterThanOrEqualTo(statistics.stalled());
      } else {
        assertThat(statistics.failed()).as("seed %d: %s", seed, statistics).isZero();
      }
    }
    for (OffloadHandle handle : handles) {
      assertThat(handle.results().toCompletableFuture()).as("seed %d", seed).isCompleted();
    }
    int arrived = 0;
    for (int n = 0; n < KEYS; n++) {
      arrived += has(tiers.host, n) ? 1 : 0;
      arrived += has(tiers.disk, n) ? 1 : 0;
    }
    boolean copied = offloader.statistics(tiers.device, tiers.host).copied() > 0;
    if (!stalls) { // otherwise blocks arrive that have failed
      assertThat(arrived > 0).as("seed %d", seed).isEqualTo(copied);
    }
    tiers.assertNothingInUse();
  }
}
