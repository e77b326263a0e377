package io.kvbm.core.offload;

import static io.kvbm.core.tier.TestTiers.key;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.TestTiers;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.tiering.TieringOptions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Copies into a tier that moves down what it would evict. */
@Timeout(30)
class OffloadRoomTest {

  private static TestTiers tiers(WritePolicy write) {
    return new TestTiers(
        2, 4, 16, TieringOptions.DEFAULT.withWrites(List.of(write, WritePolicy.BACK)));
  }

  private static void flush(TestTiers tiers) {
    assertThat(tiers.tiering().flush(TimeUnit.SECONDS.toNanos(20))).isTrue();
  }

  private static void assertAllAreSomewhere(TestTiers tiers, int count) {
    for (long n = 0; n < count; n++) {
      long block = n;
      assertThat(tiers.manager.tiers())
          .as("block %d", n)
          .anyMatch(tier -> tier.pool().contains(key(block)));
    }
    assertThat(tiers.tiering().dropped()).isEqualTo(Map.of("device", 0L, "host", 0L, "disk", 0L));
    for (Tier tier : tiers.manager.tiers()) {
      assertThat(tier.pool().status().active()).as(tier.name()).isZero();
    }
  }

  /** Regression: a copy evicted blocks of its target, which the edge below was never told of. */
  @Test
  void whatACopyAlongAWriteThroughEdgeDisplacesIsMovedDown() {
    try (TestTiers tiers = tiers(WritePolicy.THROUGH)) {
      for (long n = 0; n < 16; n++) {
        tiers.use(List.of(key(n)));
        flush(tiers);
      }
      assertThat(tiers.pool(CacheLevel.HOST).status().inactive()).isEqualTo(4);
      assertThat(tiers.pool(CacheLevel.DISK).status().inactive()).isEqualTo(12);
      assertAllAreSomewhere(tiers, 16);
      assertThat(tiers.use(List.of(key(0)))).isEqualTo(1);
    }
  }

  /** Regression: the same where somebody asked for the copy. */
  @Test
  void whatACopyThatWasAskedForDisplacesIsMovedDown() {
    try (TestTiers tiers = tiers(WritePolicy.NONE)) {
      BlockPool device = tiers.pool(CacheLevel.DEVICE);
      List<Tier> all = tiers.manager.tiers();
      for (long n = 0; n < 16; n++) {
        ImmutableBlock block = TestTiers.register(device, key(n), null);
        OffloadHandle handle =
            tiers.tiering().offload(all.get(0), all.get(1), List.of(block), OffloadOptions.DEFAULT);
        assertThat(handle.await()).hasOnlyElementsOfType(OffloadResult.Copied.class);
        block.close();
      }
      flush(tiers);
      assertThat(tiers.pool(CacheLevel.DISK).status().inactive()).isEqualTo(12);
      assertAllAreSomewhere(tiers, 16);
    }
  }

  /** Regression: blocks that waited for room below were in use above meanwhile. */
  @Test
  void whoWaitsForRoomBelowKeepsNothingInUseAbove() {
    try (TestTiers tiers = tiers(WritePolicy.THROUGH)) {
      for (long n = 0; n < 4; n++) {
        tiers.use(List.of(key(n)));
        flush(tiers);
      }
      tiers.transport.holdsNext.set(1); // host to disk
      tiers.use(List.of(key(4)));
      TestTiers.await(() -> tiers.transport.heldCount() == 1);
      assertThat(tiers.pool(CacheLevel.DEVICE).status().active()).isZero();
      tiers.tiering().allocate(2).forEach(MutableBlock::close);
      tiers.transport.release();
      flush(tiers);
    }
  }
}
