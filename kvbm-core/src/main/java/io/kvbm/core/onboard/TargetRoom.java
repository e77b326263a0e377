package io.kvbm.core.onboard;

import io.kvbm.api.CapacityException;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.core.pool.BlockPool;
import java.util.List;

/**
 * Makes room in the top tier. It is asked before each batch, on the onboarder's executor, so it may
 * move blocks down first. Threading: safe from any thread.
 */
@FunctionalInterface
public interface TargetRoom {

  /**
   * {@return as many blocks of the top tier as there is room for; the caller closes or registers
   * each}
   *
   * @param count at most so many
   */
  List<MutableBlock> allocateUpTo(int count);

  /**
   * {@return the room a pool makes by dropping what nobody uses}
   *
   * @param pool the top tier's
   */
  static TargetRoom of(BlockPool pool) {
    return count -> {
      int wanted = count;
      while (wanted > 0) {
        try {
          return pool.allocateBlocks(wanted);
        } catch (CapacityException e) {
          wanted = (int) Math.min(wanted - 1, e.available());
        }
      }
      return List.of();
    };
  }
}
