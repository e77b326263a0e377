package io.kvbm.core.tiering;

import static io.kvbm.core.tier.TestTiers.await;
import static io.kvbm.core.tier.TestTiers.key;
import static io.kvbm.core.tier.TestTiers.register;
import static io.kvbm.core.tier.TestTiers.verify;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.CompleteBlock;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.core.offload.WritePolicy;
import io.kvbm.core.onboard.Missing;
import io.kvbm.core.onboard.OnboardOptions;
import io.kvbm.core.onboard.OnboardResult;
import io.kvbm.core.onboard.Onboarding;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.TestTiers;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.transfer.TransferLimits;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Movements that never end: what they hold is lost to the cache, and nothing else. */
@Timeout(60)
class TieringStallTest {

  private static final long MILLI = 1_000_000;

  private static TestTiers tiers(int device, int host) {
    return tiers(device, host, 20 * MILLI);
  }

  private static TestTiers tiers(int device, int host, long stallNanos) {
    return new TestTiers(
        device,
        host,
        0,
        TieringOptions.DEFAULT.withDemotionNanos(10 * MILLI),
        TransferLimits.DEFAULT.withPatience(stallNanos, 64, 0));
  }

  private static OnboardResult ask(TestTiers tiers, long n) {
    long deadline = tiers.platform.clock().nanoTime() + 10 * MILLI;
    return tiers
        .tiering()
        .onboard(List.of(key(n)), OnboardOptions.DEFAULT.withDeadlineNanos(deadline))
        .await();
  }

  private static void put(TestTiers tiers, CacheLevel level, long n) {
    register(tiers.pool(level), key(n), null).close();
  }

  /** Leaves behind what never ended, so that the rest can be closed. */
  private static void close(TestTiers tiers) {
    tiers.transport.release();
    tiers.close();
  }

  @Test
  void aRouteGoesOnWithoutALoadThatNeverEnds() {
    TestTiers tiers = tiers(64, 64, 300 * MILLI);
    put(tiers, CacheLevel.HOST, 1);
    put(tiers, CacheLevel.HOST, 2);
    tiers.transport.holds = true;
    assertThat(ask(tiers, 1).missing()).containsExactly(new Missing.Deadline(key(1)));
    put(tiers, CacheLevel.HOST, 3);
    assertThat(ask(tiers, 3).missing()).containsExactly(new Missing.Deadline(key(3)));
    assertThat(ask(tiers, 2).missing())
        .as("nobody waits behind two")
        .containsExactly(new Missing.Avoided(key(2)));
    tiers.transport.holds = false;
    OnboardResult other = ask(tiers, 2);
    while (other.blocks().isEmpty()) {
      Thread.onSpinWait();
      other = ask(tiers, 2); // until the load counts as stalled
    }
    verify(other.blocks().getFirst());
    other.blocks().getFirst().close();
    OnboardResult again = ask(tiers, 1);
    verify(again.blocks().getFirst());
    again.blocks().getFirst().close();
    assertThat(tiers.transport.heldCount()).as("the first loads have still not ended").isEqualTo(2);
    tiers.transport.release(); // it ends after all: a second copy that nobody needs
    while (tiers.pool(CacheLevel.DEVICE).status().active() > 0) {
      Thread.onSpinWait();
    }
    OnboardResult last = ask(tiers, 1);
    verify(last.blocks().getFirst());
    last.blocks().getFirst().close();
    close(tiers);
  }

  @Test
  void notMoreThanAnEighthOfATierIsGivenUpToLoadsThatNeverEnd() {
    TestTiers tiers = tiers(32, 32);
    for (long n = 0; n < 32; n++) {
      put(tiers, CacheLevel.HOST, n);
    }
    tiers.transport.holds = true;
    long until = System.nanoTime() + 1_000 * MILLI;
    for (long n = 0; System.nanoTime() - until < 0; n = (n + 1) % 32) {
      assertThat(ask(tiers, n).blocks()).isEmpty();
    }
    // Four are given up; a fifth is in flight and holds the route.
    assertThat(tiers.pool(CacheLevel.DEVICE).status().active()).isBetween(1L, 5L);
    assertThat(tiers.tiering().allocate(27).size()).isEqualTo(27);
    tiers.transport.release();
  }

  @Test
  void roomIsMadeWithoutDemotionsThatNeverEnd() {
    TestTiers tiers = tiers(32, 64);
    BlockPool device = tiers.pool(CacheLevel.DEVICE);
    fill(tiers, 0, 32);
    tiers.transport.holds = true;
    fill(tiers, 100, 101); // two victims are dropped after 10 ms each, and their slots stay taken
    tiers.transport.holds = false;
    long n = 200;
    while (tiers.pool(CacheLevel.HOST).status().inactive() == 0) {
      fill(tiers, n, n + 1); // dropped, until the route is tried again
      n++;
    }
    assertThat(device.status().active()).isBetween(1L, 3L);
    tiers.transport.release();
    while (device.status().active() > 0) {
      Thread.onSpinWait();
    }
    close(tiers);
  }

  @Test
  void whoWaitsWithoutADeadlineIsToldOfAStallAndTheNextOneIsServed() {
    TestTiers tiers = tiers(64, 64);
    put(tiers, CacheLevel.HOST, 1);
    tiers.transport.holds = true;
    assertStalled(tiers.tiering().onboard(List.of(key(1)), OnboardOptions.DEFAULT).await());
    tiers.transport.holds = false;
    OnboardResult again = tiers.tiering().onboard(List.of(key(1)), OnboardOptions.DEFAULT).await();
    verify(again.blocks().getFirst());
    BlockPool.closeAll(again.blocks());
    close(tiers);
  }

  @Test
  void whatIsQueuedBehindStalledLoadsEndsAndTheRouteGoesOnOnceTheyDo() {
    TestTiers tiers =
        new TestTiers(
            32,
            32,
            0,
            TieringOptions.DEFAULT.withWrites(List.of(WritePolicy.NONE)),
            new TransferLimits(64, 1 << 20, 2, 4, 1 << 20).withPatience(20 * MILLI, 64, 0));
    tiers.transport.holds = true;
    List<Onboarding> waiting = new ArrayList<>();
    for (long from = 0; from < 16; from += 4) {
      List<BlockKey> keys = new ArrayList<>();
      for (long n = from; n < from + 4; n++) {
        put(tiers, CacheLevel.HOST, n);
        keys.add(key(n));
      }
      waiting.add(tiers.tiering().onboard(keys, OnboardOptions.DEFAULT));
    }
    // Four blocks are given up, as more than an eighth may not be; eight stay in the way of the
    // last four.
    waiting.forEach(one -> assertStalled(one.await()));
    assertThat(tiers.transport.heldCount()).isEqualTo(3);
    tiers.transport.release();
    await(() -> tiers.pool(CacheLevel.HOST).status().active() == 0);
    OnboardResult again = tiers.tiering().onboard(List.of(key(12)), OnboardOptions.DEFAULT).await();
    assertThat(again.blocks()).hasSize(1);
    BlockPool.closeAll(again.blocks());
    await(() -> tiers.pool(CacheLevel.DEVICE).status().active() == 0);
    close(tiers);
  }

  private static void assertStalled(OnboardResult result) {
    assertThat(result.blocks()).isEmpty();
    assertThat(result.missing().getFirst())
        .isInstanceOfSatisfying(
            Missing.Failed.class,
            failed -> assertThat(failed.cause().code()).isEqualTo(ErrorCode.STALLED));
  }

  @Test
  void oneLateDemotionOfManyBatchesIsOneStrikeAndWhatArrivesAfterAllEndsIt() {
    TestTiers tiers =
        new TestTiers(
            64,
            128,
            0,
            TieringOptions.DEFAULT.withDemotionNanos(200 * MILLI),
            new TransferLimits(64, 1 << 20, 8, 2, 1 << 20).withPatience(10_000 * MILLI, 64, 0));
    fill(tiers, 0, 64);
    tiers.transport.holdsNext.set(4);
    fill(tiers, 100, 108); // four batches, all late, and then four others
    assertThat(tiers.pool(CacheLevel.HOST).status().inactive())
        .as("the way down is not given up after one")
        .isEqualTo(8);
    assertThat(tiers.tiering().dropped())
        .as("what stays above is not lost")
        .containsEntry("device", 0L);
    tiers.transport.release();
    await(() -> tiers.pool(CacheLevel.DEVICE).status().active() == 0);
    for (long n = 0; n < 300; n++) {
      int places = 0;
      for (Tier tier : tiers.manager.tiers()) {
        places += tier.pool().contains(key(n)) ? 1 : 0;
      }
      assertThat(places).as("tiers that have block %d", n).isLessThanOrEqualTo(1);
    }
    close(tiers);
  }

  private static void fill(TestTiers tiers, long from, long to) {
    List<BlockKey> keys = new ArrayList<>();
    for (long n = from; n < to; n++) {
      keys.add(key(n));
    }
    List<MutableBlock> fresh = tiers.tiering().allocate(keys.size());
    List<CompleteBlock> complete = new ArrayList<>();
    for (int i = 0; i < fresh.size(); i++) {
      TestTiers.fill(fresh.get(i), keys.get(i));
      complete.add(fresh.get(i).complete(keys.get(i), null));
    }
    tiers.tiering().register(complete).forEach(ImmutableBlock::close);
  }
}
