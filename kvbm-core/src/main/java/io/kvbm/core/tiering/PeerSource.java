package io.kvbm.core.tiering;

import io.kvbm.api.block.BlockKey;
import java.util.List;

/**
 * Other workers, or what they left in a store, as the place below all tiers. Threading: safe from
 * any thread; nothing waits.
 */
public interface PeerSource {

  /** {@return what its blocks are counted under, and what its route begins with} */
  default String name() {
    return TieringEngine.REMOTE;
  }

  /**
   * {@return whether some worker may have a block; a hint}
   *
   * @param keys the blocks of the sequence, in order
   * @param from the first block that is wanted
   */
  boolean mayHave(List<BlockKey> keys, int from);

  /** {@return the index of the tier that blocks come to, -1 for none} */
  int targetTier();

  /**
   * Begins to load blocks.
   *
   * @param keys the blocks of the sequence, in order
   * @param from the first block that is wanted
   * @param deadlineNanos when to stop, on the engine's clock; 0 for the source's own limit alone
   * @return the load, begun
   */
  PeerLoad load(List<BlockKey> keys, int from, long deadlineNanos);
}
