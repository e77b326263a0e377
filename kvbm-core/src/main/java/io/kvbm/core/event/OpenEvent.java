package io.kvbm.core.event;

import io.kvbm.api.block.BlockKey;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The last event of a log while it may take more blocks. Not thread safe. */
final class OpenEvent {

  private final String tier;
  private final boolean stored;
  private final @Nullable BlockKey parent;
  private final List<BlockKey> keys = new ArrayList<>();
  private final List<int[]> tokens = new ArrayList<>();

  private OpenEvent(String tier, boolean stored, @Nullable BlockKey parent) {
    this.tier = tier;
    this.stored = stored;
    this.parent = parent;
  }

  static OpenEvent ofStored(String tier, BlockKey key, @Nullable BlockKey parent, int[] tokens) {
    OpenEvent event = new OpenEvent(tier, true, parent);
    event.keys.add(key);
    event.tokens.add(tokens);
    return event;
  }

  static OpenEvent ofRemoved(String tier, BlockKey key) {
    OpenEvent event = new OpenEvent(tier, false, null);
    event.keys.add(key);
    return event;
  }

  int blockCount() {
    return keys.size();
  }

  /** Takes a block that follows the last one and of which as much is known, or returns false. */
  boolean addStored(String otherTier, BlockKey key, @Nullable BlockKey keyParent, int[] keyTokens) {
    if (!stored
        || !tier.equals(otherTier)
        || !keys.getLast().equals(keyParent)
        || tokens.getLast().length != keyTokens.length) {
      return false;
    }
    keys.add(key);
    tokens.add(keyTokens);
    return true;
  }

  /** Takes a block that left the same tier, or returns false. */
  boolean addRemoved(String otherTier, BlockKey key) {
    if (stored || !tier.equals(otherTier)) {
      return false;
    }
    keys.add(key);
    return true;
  }

  RouterEvent seal(long sequence, int blockSize) {
    return stored
        ? new RouterEvent.Stored(tier, sequence, parent, keys, blockSize, TokenIds.joined(tokens))
        : new RouterEvent.Removed(tier, sequence, keys);
  }
}
