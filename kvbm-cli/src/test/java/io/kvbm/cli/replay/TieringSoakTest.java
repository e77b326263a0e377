package io.kvbm.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.CapacityException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.CompleteBlock;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.cost.RecomputeCost;
import io.kvbm.core.offload.WritePolicy;
import io.kvbm.core.onboard.OnboardOptions;
import io.kvbm.core.onboard.OnboardResult;
import io.kvbm.core.onboard.Onboarding;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.pool.PoolStatus;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.tier.Verification;
import io.kvbm.core.tiering.TieringEngine;
import io.kvbm.core.tiering.TieringOptions;
import io.kvbm.core.transfer.TransferLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients of one manager while copies fail, arrive damaged and stall: nothing is ever wrong, every
 * fault is noticed, and at the end of each life nothing is left of it.
 *
 * <p>A life has a seed, which picks write policies, sizes and traffic; {@code -Dkvbm.seed.from} and
 * {@code -Dkvbm.seed.count} pick the lives. What threads do in which order the seed does not say.
 */
class TieringSoakTest {

  private static final int CLIENTS = 4;
  private static final long MILLI = 1_000_000;
  private static final long BLOCK = 16 << 10;
  private static final long MEBIBYTE = 1 << 20;

  @TempDir private Path folder;

  @Test
  void aShortLife() throws Exception {
    live(1, 2_000 * MILLI);
  }

  /** Thirty minutes where nothing else is asked for. */
  @Test
  @Tag("slow")
  void manyLives() throws Exception {
    long from = Long.getLong("kvbm.seed.from", 1);
    long count = Long.getLong("kvbm.seed.count", 10);
    live(0, 30_000 * MILLI); // classes, compiled code and caches that stay
    Footprint before = Footprint.now();
    System.out.println("before: " + before);
    for (long seed = from; seed < from + count; seed++) {
      live(seed, 180_000 * MILLI);
      Footprint after = Footprint.now();
      System.out.printf("life %d: %s%n", seed, after);
      assertThat(after.threads()).as("threads").isLessThanOrEqualTo(before.threads());
      assertThat(after.descriptors()).as("descriptors").isLessThanOrEqualTo(before.descriptors());
      assertThat(after.heapBytes()).as("heap").isLessThan(before.heapBytes() + 32 * MEBIBYTE);
      assertThat(after.residentBytes())
          .as("resident memory")
          .isLessThan(before.residentBytes() + 256 * MEBIBYTE);
    }
  }

  /**
   * What the process holds.
   *
   * @param threads platform threads, without those of the JVM's own that come and go
   */
  private record Footprint(long threads, long descriptors, long heapBytes, long residentBytes) {

    static Footprint now() throws IOException, InterruptedException {
      TimeUnit.SECONDS.sleep(11); // idle threads of a pool live on for ten seconds
      System.gc();
      long threads =
          Thread.getAllStackTraces().keySet().stream()
              .filter(thread -> thread.getName().startsWith("kvbm-"))
              .count();
      Runtime runtime = Runtime.getRuntime();
      long heap = runtime.totalMemory() - runtime.freeMemory();
      try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
        return new Footprint(threads, open.count(), heap, vmRss());
      }
    }

    private static long vmRss() throws IOException {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmRSS:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) << 10;
        }
      }
      throw new AssertionError("no VmRSS in /proc/self/status");
    }
  }

  private void live(long seed, long nanos) throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    System.out.println("seed " + seed);
    try (Faults faults = new Faults(0.01, 2_000 * MILLI, BLOCK, seed);
        Platform platform =
            Platform.builder()
                .transports(transport -> new FaultyTransport(transport, faults))
                .transferLimits(
                    TransferLimits.DEFAULT.withPatience(1_000 * MILLI, 64, 5_000 * MILLI))
                .build();
        ReplayTiers tiers = ReplayTiers.open(options(random), platform, faults)) {
      Life life = new Life(tiers.manager().tiering(), platform);
      life.run(random, System.nanoTime() + nanos);
      assertSound(tiers.manager(), platform, faults);
      assertThat(life.requests.sum()).isPositive();
      assertThat(life.hits.sum()).isPositive();
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).as("files of seed %d", seed).isEmpty();
    }
  }

  private ReplayOptions options(SplittableRandom random) {
    Map<CacheLevel, Integer> capacities = new EnumMap<>(CacheLevel.class);
    capacities.put(CacheLevel.DEVICE, random.nextInt(256, 1024));
    capacities.put(CacheLevel.HOST, random.nextInt(256, 2048));
    capacities.put(CacheLevel.DISK, random.nextInt(1024, 4096));
    List<WritePolicy> writes = new ArrayList<>();
    for (int edge = 0; edge < 2; edge++) {
      writes.add(
          List.of(WritePolicy.BACK, WritePolicy.THROUGH, WritePolicy.SELECTIVE)
              .get(random.nextInt(3)));
    }
    return new ReplayOptions(
        capacities,
        Map.of(CacheLevel.DEVICE, "system", CacheLevel.HOST, "system", CacheLevel.DISK, "disk"),
        BLOCK,
        Map.of(CacheLevel.DEVICE, "adaptive", CacheLevel.HOST, "adaptive", CacheLevel.DISK, "lru"),
        Map.of("disk", BackendConfig.of("dir", folder.toString())),
        null,
        0,
        TieringOptions.DEFAULT
            .withWrites(writes)
            .withVerification(Verification.ALL)
            .withDemotionNanos(50 * MILLI),
        50 * MILLI,
        0,
        new RecomputeCost(8000, 0, 512),
        0,
        null);
  }

  /** After the last request: what was taken is given back, and each fault was told. */
  private static void assertSound(KvBlockManager manager, Platform platform, Faults faults)
      throws InterruptedException {
    long untilNanos = System.nanoTime() + 20_000 * MILLI;
    FaultReport report;
    boolean idle;
    do {
      TimeUnit.MILLISECONDS.sleep(20);
      long stalled =
          platform.transfers().stalledBlocks().values().stream().mapToLong(Long::longValue).sum();
      report = FaultReport.of(faults, manager.tiering().routes(), stalled);
      idle = manager.tiers().stream().allMatch(tier -> tier.pool().status().active() == 0);
    } while ((faults.hasWaiting() || report.missed() > 0 || !idle)
        && untilNanos - System.nanoTime() > 0);
    assertThat(report.missed()).as("faults nobody noticed in %s", report).isLessThanOrEqualTo(0);
    for (Tier tier : manager.tiers()) {
      PoolStatus status = tier.pool().status();
      assertThat(status.active()).as("blocks in use of the %s tier", tier.name()).isZero();
      assertThat(status.inactive() + status.empty()).isEqualTo(tier.pool().totalBlocks());
    }
    assertThat(manager.tiering().flush(5_000 * MILLI)).as("queues are empty").isTrue();
  }

  /** Conversations that grow, asked for by several clients at once. */
  private static final class Life {
    private static final int CONVERSATIONS = 64;

    private final TieringEngine tiers;
    private final TopTier top;
    private final Platform platform;
    private final LongAdder requests = new LongAdder();
    private final LongAdder hits = new LongAdder();

    private Life(TieringEngine tiers, Platform platform) {
      this.tiers = tiers;
      this.platform = platform;
      this.top = new TopTier(platform, tiers.tiers().getFirst());
    }

    private void run(SplittableRandom random, long untilNanos) throws Exception {
      try (ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
        List<Callable<Void>> tasks = new ArrayList<>();
        for (int client = 0; client < CLIENTS; client++) {
          SplittableRandom own = random.split();
          tasks.add(
              () -> {
                while (untilNanos - System.nanoTime() > 0) {
                  request(own);
                }
                return null;
              });
        }
        for (Future<Void> done : clients.invokeAll(tasks)) {
          done.get();
        }
      } finally {
        top.close();
      }
    }

    /** The deeper a conversation, the rarer it is. */
    private void request(SplittableRandom random) {
      requests.increment();
      long conversation = random.nextInt(1 + random.nextInt(CONVERSATIONS));
      int length = 1 + random.nextInt(1 + random.nextInt(48));
      List<BlockKey> keys = new ArrayList<>();
      for (int i = 0; i < length; i++) {
        keys.add(BlockKey.derived(conversation << 20 | i + 1));
      }
      long deadline = platform.clock().nanoTime() + random.nextLong(1, 50) * MILLI;
      Onboarding onboarding =
          tiers.onboard(keys, OnboardOptions.DEFAULT.withDeadlineNanos(deadline));
      if (random.nextInt(50) == 0) {
        onboarding.cancel();
      }
      OnboardResult result = onboarding.await();
      List<ImmutableBlock> blocks = new ArrayList<>(result.blocks());
      try {
        for (int i = 0; i < blocks.size(); i++) {
          BlockKey key = keys.get(i);
          top.read(
              blocks.subList(i, i + 1),
              List.of(key),
              (_, bytes) ->
                  assertThat(BlockContent.matches(bytes, key.lo())).as("block %s", key).isTrue());
        }
        hits.add(blocks.size());
        blocks.addAll(fill(keys, blocks.size()));
      } finally {
        BlockPool.closeAll(blocks);
      }
    }

    private List<ImmutableBlock> fill(List<BlockKey> keys, int from) {
      List<BlockKey> missing = keys.subList(from, keys.size());
      List<MutableBlock> fresh;
      try {
        fresh = tiers.allocate(missing.size());
      } catch (CapacityException _) {
        return List.of(); // stalled copies and the other clients have what there is
      }
      top.write(fresh, missing, (i, bytes) -> BlockContent.fill(bytes, missing.get(i).lo()));
      List<CompleteBlock> complete = new ArrayList<>();
      for (int i = 0; i < fresh.size(); i++) {
        BlockKey parent = from + i == 0 ? null : keys.get(from + i - 1);
        complete.add(fresh.get(i).complete(missing.get(i), parent));
      }
      return tiers.register(complete);
    }
  }
}
