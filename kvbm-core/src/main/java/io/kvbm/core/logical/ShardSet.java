package io.kvbm.core.logical;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.core.tier.Verification;
import io.kvbm.core.transfer.BlockChecksums;
import io.kvbm.core.transfer.BlockPlace;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * One set of a worker: its slots, who is busy with them, and the CRC32C of what moves have written
 * there. Nobody but moves writes the sets below the first, so what they wrote can be told from what
 * is there; what is in the first, others write too. Claims are guarded by the worker.
 */
final class ShardSet {

  final String name;
  final Layout layout;
  final BlockPlace.LaidOut place;
  final SlotClaims claims;
  private final boolean isFirst;
  private final AtomicLongArray sums;

  ShardSet(String name, Layout layout, boolean isFirst) {
    int slots = layout.config().numBlocks();
    this.name = name;
    this.layout = layout;
    this.place = new BlockPlace.LaidOut(layout);
    this.claims = new SlotClaims(name, slots);
    this.isFirst = isFirst;
    this.sums = new AtomicLongArray(slots);
    for (int i = 0; i < slots; i++) {
      sums.set(i, BlockWrite.NO_CHECKSUM);
    }
  }

  private boolean isInMemory() {
    for (int i = 0; i < layout.storageCount(); i++) {
      if (!layout.storage(i).isHostAccessible()) {
        return false;
      }
    }
    return true;
  }

  /** {@return whether shards that go from one set to another are summed} */
  static boolean sums(Verification how, ShardSet source, ShardSet target) {
    return switch (how) {
      case NONE -> false;
      case STORES -> isFile(source) || isFile(target);
      case ALL -> true;
    };
  }

  private static boolean isFile(ShardSet set) {
    return set.layout.storage(0).type().isDisk();
  }

  /** {@return the sum of a shard before it leaves, where it is known or can be} */
  long leaving(int slot) {
    long known = sums.get(slot);
    return known != BlockWrite.NO_CHECKSUM || !isInMemory()
        ? known
        : BlockChecksums.of(layout, slot);
  }

  /** What is in a slot is not known until a move has written it. */
  void forget(int slot) {
    sums.set(slot, BlockWrite.NO_CHECKSUM);
  }

  /**
   * A shard has arrived.
   *
   * @throws CorruptionException if it has other bytes than left
   */
  void arrived(int slot, long expected) {
    long sum = expected;
    if (isInMemory()) {
      sum = BlockChecksums.of(layout, slot);
      if (expected != BlockWrite.NO_CHECKSUM && sum != expected) {
        throw new CorruptionException(
            ErrorCode.CORRUPT,
            "shard in slot %d of the %s set was damaged: CRC32C %08x, not %08x; it counts as a miss"
                .formatted(slot, name, sum, expected));
      }
    }
    if (!isFirst) {
      sums.set(slot, sum);
    }
  }
}
