package io.kvbm.core.event;

import io.kvbm.api.block.BlockKey;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link RouterEventLog} tells routers. Events of one log are numbered from 1 without a gap.
 */
public sealed interface RouterEvent {

  /** {@return the tier it is about} */
  String tier();

  /** {@return its number in its log} */
  long sequence();

  /** {@return how many blocks it names} */
  int blockCount();

  /**
   * Blocks that follow one another can be found in a tier.
   *
   * @param tier which tier
   * @param sequence its number
   * @param parent the block before the first one, or null
   * @param keys the blocks, each following the one before
   * @param blockSize tokens in a block
   * @param tokens the tokens of all blocks, or {@link TokenIds#NONE} where the tier got the keys
   *     alone, as a lower tier does
   */
  record Stored(
      String tier,
      long sequence,
      @Nullable BlockKey parent,
      List<BlockKey> keys,
      int blockSize,
      TokenIds tokens)
      implements RouterEvent {
    /** Copies the list. */
    public Stored {
      keys = List.copyOf(keys);
    }

    @Override
    public int blockCount() {
      return keys.size();
    }
  }

  /**
   * Blocks cannot be found in a tier any more; other tiers may have them.
   *
   * @param tier which tier
   * @param sequence its number
   * @param keys the blocks, in the order they went
   */
  record Removed(String tier, long sequence, List<BlockKey> keys) implements RouterEvent {
    /** Copies the list. */
    public Removed {
      keys = List.copyOf(keys);
    }

    @Override
    public int blockCount() {
      return keys.size();
    }
  }

  /**
   * A tier was emptied.
   *
   * @param tier which tier
   * @param sequence its number
   */
  record Cleared(String tier, long sequence) implements RouterEvent {
    @Override
    public int blockCount() {
      return 0;
    }
  }
}
