package io.kvbm.core.offload;

import io.kvbm.api.block.MutableBlock;
import io.kvbm.core.tier.Tier;
import java.util.List;

/**
 * Makes room in a tier for what is copied there; what is in the way may be moved elsewhere first.
 * Threading: called from any thread of the offloader's executor, which it may hold up.
 */
@FunctionalInterface
public interface RoomMaker {

  /**
   * {@return as many blocks of a tier as there is room for, to be filled; the caller closes each}
   *
   * @param target the tier
   * @param count how many at most, 0 or more
   */
  List<MutableBlock> allocateUpTo(Tier target, int count);
}
