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
   * Blocks are in the top tier now: takes those that do not stay out of the tier they were in. The
   * copies above are in use until this returns. A search that has looked in the one tier and not
   * yet in the other finds them all the same.
   *
   * @param tier the index of the tier they were in
   * @param sources the blocks there, in the order of their sequence; consumed, the last first,
   *     since children leave a tier more cheaply
   */
  void raised(int tier, List<ImmutableBlock> sources);
}
