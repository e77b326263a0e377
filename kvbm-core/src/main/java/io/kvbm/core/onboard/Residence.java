package io.kvbm.core.onboard;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.core.tier.LocatedBlock;
import java.util.List;

/**
 * Where blocks are, and where they stay when they are brought up. Threading: safe from any thread.
 */
public interface Residence {

  /**
   * Finds the longest prefix of a sequence over all tiers, each block in the highest tier that has
   * it, and takes its blocks into use. A block that is in some tier all the time is found.
   *
   * @param keys the blocks of the sequence, in order
   * @return the blocks found, in order; the caller closes each
   */
  List<LocatedBlock> match(List<BlockKey> keys);

  /**
   * {@return whether some tier has a block now; it is not taken into use}
   *
   * @param key the block
   */
  boolean contains(BlockKey key);

  /**
   * {@return whether a block leaves the tier it was in, now that it is in the top one}
   *
   * @param tier the index of the tier
   * @param block the block there, in use
   */
  boolean leaves(int tier, ImmutableBlock block);

  /**
   * Blocks that are in the top tier now are about to leave the tier they were in: a search that has
   * looked in the one and not yet in the other must start again.
   */
  void beforeLeaving();
}
