package io.kvbm.api.store;

import io.kvbm.api.Stability;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.storage.Region;
import java.util.List;
import java.util.Objects;

/**
 * One block to be read.
 *
 * @param slot where from
 * @param key the identity expected; another one in the slot is a failure with {@code CORRUPT}
 * @param generation the generation expected
 * @param target where to: host regions whose lengths add up to the block's size, scattered in order
 */
@Stability(Stability.Level.STABLE)
public record BlockRead(int slot, BlockKey key, long generation, List<Region> target) {
  /** Checks the values. */
  public BlockRead {
    Objects.requireNonNull(key, "key");
    target = List.copyOf(target);
  }
}
