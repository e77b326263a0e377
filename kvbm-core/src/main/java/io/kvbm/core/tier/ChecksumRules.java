package io.kvbm.core.tier;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.Block;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.core.transfer.BlockChecksums;
import org.jspecify.annotations.Nullable;

/**
 * How blocks on their way from one tier to another are checked. Threading: safe from any thread;
 * two that sum one block at a time find the same.
 */
final class ChecksumRules {

  private final Tier source;
  private final Tier target;
  private final @Nullable Layout sourceLayout;
  private final @Nullable Layout targetLayout;

  /** Whether a block that was never summed is summed before it leaves. */
  private final boolean sumsSource;

  /** Whether the bytes that arrived are summed. */
  private final boolean sumsTarget;

  ChecksumRules(Tier source, Tier target, Verification verification) {
    this.source = source;
    this.target = target;
    sourceLayout = source.pool().layout().orElse(null);
    targetLayout = target.pool().layout().orElse(null);
    boolean every = verification == Verification.ALL;
    boolean stores = verification == Verification.STORES;
    sumsSource = every || stores && targetLayout == null;
    sumsTarget = every || stores && sourceLayout == null;
  }

  /** {@return the sum of a block before it leaves, where it is known or to be known} */
  long ofSource(ImmutableBlock block) {
    long known = source.pool().checksum(block);
    if (known != BlockWrite.NO_CHECKSUM || !sumsSource || sourceLayout == null) {
      return known;
    }
    long sum = BlockChecksums.of(sourceLayout, block.blockId());
    source.pool().noteChecksum(block, sum);
    return sum;
  }

  /**
   * A block has arrived: its sum goes with it.
   *
   * @throws CorruptionException if it arrived with other bytes
   */
  void carryOver(ImmutableBlock block, MutableBlock to) {
    long expected = source.pool().checksum(block);
    if (sumsTarget && targetLayout != null) {
      long arrived = BlockChecksums.of(targetLayout, to.blockId());
      if (expected == BlockWrite.NO_CHECKSUM) {
        expected = arrived; // the first time anybody can tell
      } else if (arrived != BlockWrite.NO_CHECKSUM && arrived != expected) {
        throw damaged(block, arrived, expected);
      }
    }
    target.pool().noteChecksum(to, expected);
  }

  /** {@return whether a block where it came from has other bytes than its sum says} */
  boolean isDamaged(ImmutableBlock block) {
    long expected = source.pool().checksum(block);
    if (expected == BlockWrite.NO_CHECKSUM || sourceLayout == null) {
      return false;
    }
    long found = BlockChecksums.of(sourceLayout, block.blockId());
    return found != BlockWrite.NO_CHECKSUM && found != expected;
  }

  private CorruptionException damaged(Block block, long arrived, long expected) {
    return new CorruptionException(
        ErrorCode.CORRUPT,
        "block %d of the %s tier was damaged on its way to %s: CRC32C %08x, not %08x; it counts as a miss"
            .formatted(block.blockId(), source.name(), target.name(), arrived, expected));
  }
}
