package io.kvbm.core.onboard;

import static io.kvbm.core.onboard.World.key;
import static io.kvbm.core.onboard.World.keys;
import static io.kvbm.core.tier.CacheLevel.DEVICE;
import static io.kvbm.core.tier.CacheLevel.DISK;
import static io.kvbm.core.tier.CacheLevel.HOST;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.core.cost.CostGate;
import io.kvbm.core.cost.GateMode;
import io.kvbm.core.cost.RecomputeCost;
import io.kvbm.core.cost.RouteCosts;
import io.kvbm.core.tier.BlockMover;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.LocatedBlock;
import io.kvbm.core.tier.MovedBlock;
import io.kvbm.core.transfer.TransferLimits;
import io.kvbm.core.transfer.TransferOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class OnboarderRaceTest {

  /** A block that is in some tier all the time is found, whichever way it goes. */
  @Test
  void aBlockOnItsWayUpIsNotMissed() throws Exception {
    try (World world = new World(4, 64, 4);
        ExecutorService other = Executors.newSingleThreadExecutor()) {
      TierResidence residence = new TierResidence(world.tiers, _ -> true);
      Onboarder onboarder = world.onboarder().residence(residence).build();
      world.put(HOST, 1, 2);
      AtomicBoolean stop = new AtomicBoolean();
      Future<Integer> seeker =
          other.submit(
              () -> {
                int missed = 0;
                while (!stop.get()) {
                  List<LocatedBlock> found = residence.match(keys(1, 2));
                  missed += found.isEmpty() ? 1 : 0;
                  found.forEach(block -> block.block().close());
                }
                return missed;
              });
      for (int round = 0; round < 2000; round++) {
        OnboardResult result = onboarder.onboard(keys(1, 2), OnboardOptions.DEFAULT).await();
        assertThat(result.blocks()).hasSize(1);
        lower(world, result.blocks().getFirst());
      }
      stop.set(true);
      assertThat(seeker.get(10, TimeUnit.SECONDS)).isZero();
      onboarder.close();
    }
  }

  /** Back to where it came from; it is there before it leaves the top tier. */
  private static void lower(World world, ImmutableBlock block) {
    List<MovedBlock> moved =
        new BlockMover(world.engine, world.clock)
            .move(world.tiers.get(0), List.of(block), world.tiers.get(1), TransferOptions.DEFAULT)
            .await();
    moved.forEach(one -> one.block().orElseThrow().close());
    world.pool(DEVICE).remove(block);
  }

  @Test
  void fourThreadsGetRightBytesAndGiveEverythingBack() throws Exception {
    long seed = ThreadLocalRandom.current().nextLong();
    System.out.println("onboarder stress, seed " + seed);
    TransferLimits limits = new TransferLimits(4096, 1 << 20, 3, 8, 1 << 20);
    try (ExecutorService executor = Executors.newFixedThreadPool(2);
        World world = new World(48, 96, 96, limits, executor);
        ExecutorService threads = Executors.newFixedThreadPool(5)) {
      RouteCosts costs = new RouteCosts(world.clock);
      costs.assume("host->device", 0, 1e12);
      CostGate gate = new CostGate(GateMode.ENFORCE, new RecomputeCost(8000, 0, 16), costs);
      Onboarder onboarder =
          world
              .onboarder()
              .residence(new TierResidence(world.tiers, tier -> tier == 1))
              .gate(gate)
              .costs(costs)
              .build();
      for (int s = 0; s < 8; s++) {
        world.put(HOST, s * 100, s * 100 + 8);
        world.put(DISK, s * 100 + 8, s * 100 + 16);
      }
      AtomicBoolean stop = new AtomicBoolean();
      AtomicInteger blocks = new AtomicInteger();
      Future<?> weather = threads.submit(() -> weather(world, new SplittableRandom(seed), stop));
      List<Future<List<CompletionStage<Void>>>> users = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        SplittableRandom random = new SplittableRandom(seed + 1 + thread);
        users.add(threads.submit(() -> use(world, onboarder, random, blocks)));
      }
      List<CompletionStage<Void>> confirmations = new ArrayList<>();
      for (Future<List<CompletionStage<Void>>> user : users) {
        confirmations.addAll(user.get(40, TimeUnit.SECONDS));
      }
      stop.set(true);
      weather.get(10, TimeUnit.SECONDS);
      world.transport.release();
      for (CompletionStage<Void> one : confirmations) {
        one.toCompletableFuture().get(10, TimeUnit.SECONDS);
      }
      onboarder.close();
      world.engine.close();
      executor.shutdown();
      assertThat(executor.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
      assertThat(blocks.get()).as("seed %d", seed).isPositive();
      world.assertNothingHeld();
    }
  }

  /** Time passes, transfers wait, fail and go on. */
  private static void weather(World world, SplittableRandom random, AtomicBoolean stop) {
    while (!stop.get()) {
      String kind = random.nextBoolean() ? World.HOST : World.DISK;
      switch (random.nextInt(6)) {
        case 0 -> world.transport.hold(kind);
        case 1 -> world.transport.fail(kind, OnboarderRaceTest::failure);
        case 2 -> world.transport.mend(kind);
        default -> world.transport.release();
      }
      world.advance(1_000_000);
      Thread.yield();
    }
    world.transport.mend(World.HOST);
    world.transport.mend(World.DISK);
  }

  private static KvbmException failure() {
    return ThreadLocalRandom.current().nextInt(200) == 0
        ? new CorruptionException(ErrorCode.CORRUPT, "bytes changed")
        : new TransientException(ErrorCode.QUEUE_FULL, "try again");
  }

  private static List<CompletionStage<Void>> use(
      World world, Onboarder onboarder, SplittableRandom random, AtomicInteger blocks) {
    List<CompletionStage<Void>> confirmations = new ArrayList<>();
    for (int i = 0; i < 1500; i++) {
      long start = random.nextInt(8) * 100L;
      List<BlockKey> keys = keys(start, start + 1 + random.nextInt(17));
      long deadline =
          random.nextInt(3) == 0
              ? 0
              : world.clock.nanoTime() + 1_000_000 + random.nextInt(5_000_000);
      OnboardOptions options = new OnboardOptions(deadline, random.nextInt(3));
      Onboarding onboarding = onboarder.onboard(keys, options);
      if (random.nextBoolean()) {
        onboarding.onEach(_ -> {});
      }
      if (random.nextInt(5) == 0) {
        confirmations.add(onboarding.cancel());
      }
      OnboardResult result = onboarding.await();
      assertThat(result.blocks())
          .extracting(ImmutableBlock::key)
          .isEqualTo(keys.subList(0, result.blocks().size()));
      assertThat(result.missing())
          .extracting(Missing::key)
          .isEqualTo(keys.subList(result.blocks().size(), keys.size()));
      blocks.addAndGet(result.blocks().size());
      World.verifyAndClose(result);
      if (random.nextInt(4) == 0) {
        refill(world, random.nextInt(8) * 100L + random.nextInt(16));
      }
    }
    return confirmations;
  }

  /** What evictions and corruption took away comes back, as if somebody had computed it. */
  private static void refill(World world, long n) {
    CacheLevel level = n % 100 < 8 ? HOST : DISK;
    world
        .pool(level)
        .tryAllocateBlocks(1)
        .ifPresent(
            fresh -> {
              World.fill(fresh.getFirst(), key(n));
              fresh.getFirst().complete(key(n), null).register().close();
            });
  }
}
