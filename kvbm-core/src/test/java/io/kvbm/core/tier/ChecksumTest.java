package io.kvbm.core.tier;

import static io.kvbm.core.tier.TestTiers.key;
import static io.kvbm.core.tier.TestTiers.register;
import static io.kvbm.core.tier.TestTiers.verify;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.pool.PoolStatus;
import io.kvbm.core.tiering.TieringOptions;
import io.kvbm.core.transfer.TransferOptions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Blocks are checked end to end as they move between tiers. */
class ChecksumTest {

  private static TieringOptions checking(Verification verification) {
    return TieringOptions.DEFAULT.withVerification(verification);
  }

  private static MovedBlock move(TestTiers tiers, ImmutableBlock block, CacheLevel target) {
    boolean down = target.compareTo(CacheLevel.DEVICE) > 0;
    return (down
            ? tiers.manager.offload(List.of(block), target, TransferOptions.DEFAULT)
            : tiers.manager.onboard(List.of(block), target, TransferOptions.DEFAULT))
        .await()
        .getFirst();
  }

  private static RouteUse route(TestTiers tiers, String name) {
    return tiers.tiering().routes().stream()
        .filter(use -> use.route().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aBlockDamagedOnTheWayIsAFailureAndTheNextTryIsGood() {
    try (TestTiers tiers = new TestTiers(4, 4, 0, checking(Verification.ALL))) {
      ImmutableBlock block = register(tiers.pool(CacheLevel.DEVICE), key(1), null);
      tiers.transport.damages = true;
      MovedBlock damaged = move(tiers, block, CacheLevel.HOST);
      assertThat(damaged.block()).isEmpty();
      assertThat(((BlockOutcome.Failed) damaged.outcome()).cause())
          .isInstanceOf(CorruptionException.class)
          .hasMessageContaining("damaged on its way to host")
          .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
      BlockPool host = tiers.pool(CacheLevel.HOST);
      assertThat(host.contains(key(1))).isFalse();
      assertThat(host.status()).isEqualTo(new PoolStatus(0, 0, 4));
      tiers.transport.damages = false;
      MovedBlock good = move(tiers, block, CacheLevel.HOST);
      verify(good.block().orElseThrow());
      good.block().orElseThrow().close();
      block.close();
      RouteUse use = route(tiers, "device->host");
      assertThat(use.blocks()).isEqualTo(1);
      assertThat(use.failures()).isEqualTo(Map.of(ErrorCode.CORRUPT, 1L));
      assertThat(use.unmoved()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "fully-contiguous",
        "layer-separate-outer-contiguous",
        "layer-separate-block-contiguous"
      })
  void theSumOfABlockDoesNotDependOnTheLayout(String layout) {
    LayoutType lower = new LayoutType(layout);
    try (TestTiers tiers = new TestTiers(4, 4, 0, lower, checking(Verification.ALL))) {
      ImmutableBlock block = register(tiers.pool(CacheLevel.DEVICE), key(1), null);
      ImmutableBlock copy = move(tiers, block, CacheLevel.HOST).block().orElseThrow();
      long sum = tiers.pool(CacheLevel.DEVICE).checksum(block);
      assertThat(sum).isNotEqualTo(BlockWrite.NO_CHECKSUM);
      assertThat(tiers.pool(CacheLevel.HOST).checksum(copy)).isEqualTo(sum);
      verify(copy);
      copy.close();
      block.close();
    }
  }

  @Test
  void whatChangedWhileItLayThereIsFoundWhenItMoves() {
    try (TestTiers tiers = new TestTiers(4, 4, 4, checking(Verification.ALL))) {
      ImmutableBlock block = register(tiers.pool(CacheLevel.DEVICE), key(1), null);
      ImmutableBlock copy = move(tiers, block, CacheLevel.HOST).block().orElseThrow();
      var layout = tiers.pool(CacheLevel.HOST).layout().orElseThrow();
      layout
          .storage(0)
          .mutableView()
          .set(
              java.lang.foreign.ValueLayout.JAVA_BYTE,
              layout.offset(copy.blockId(), 1, 0),
              (byte) 99);
      MovedBlock down = move(tiers, copy, CacheLevel.DISK);
      assertThat(((BlockOutcome.Failed) down.outcome()).cause().code())
          .isEqualTo(ErrorCode.CORRUPT);
      assertThat(tiers.pool(CacheLevel.HOST).contains(key(1))).as("served again").isFalse();
      assertThat(tiers.pool(CacheLevel.DEVICE).contains(key(1))).isTrue();
      copy.close();
      block.close();
    }
  }

  @Test
  void copiesBetweenMemoriesAreTrustedByDefault() {
    try (TestTiers tiers = new TestTiers(4, 4, 0, checking(Verification.STORES))) {
      ImmutableBlock block = register(tiers.pool(CacheLevel.DEVICE), key(1), null);
      MovedBlock moved = move(tiers, block, CacheLevel.HOST);
      assertThat(moved.outcome().isDone()).isTrue();
      assertThat(tiers.pool(CacheLevel.DEVICE).checksum(block)).isEqualTo(BlockWrite.NO_CHECKSUM);
      moved.block().orElseThrow().close();
      block.close();
    }
  }

  @Test
  void aSlotForgetsTheSumOfWhatItHeld() {
    try (TestTiers tiers = new TestTiers(1, 4, 0, checking(Verification.ALL))) {
      BlockPool device = tiers.pool(CacheLevel.DEVICE);
      ImmutableBlock block = register(device, key(1), null);
      move(tiers, block, CacheLevel.HOST).block().orElseThrow().close();
      block.close();
      ImmutableBlock other = register(device, key(2), null);
      assertThat(device.checksum(other)).isEqualTo(BlockWrite.NO_CHECKSUM);
      MovedBlock moved = move(tiers, other, CacheLevel.HOST);
      verify(moved.block().orElseThrow());
      moved.block().orElseThrow().close();
      other.close();
    }
  }
}
