package io.kvbm.core.registry;

import io.kvbm.api.block.BlockKey;

/**
 * Told when a block is used. Threading: called from any thread, also concurrently; be quick and do
 * not throw.
 */
@FunctionalInterface
public interface TouchListener {

  /**
   * A block was used.
   *
   * @param key which
   */
  void touched(BlockKey key);
}
