package io.kvbm.api.store;

import io.kvbm.api.Stability;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.storage.Region;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One block to be written.
 *
 * @param slot where to; nobody reads or writes it until the write completes
 * @param key its identity, echoed in the store
 * @param parent the key of the block before it, or null for a first block
 * @param generation what a later read must name; above that of every earlier write to the slot
 * @param priority kept for recovery
 * @param source the bytes: host regions whose lengths add up to at most the slot's size, gathered
 *     in order
 */
@Stability(Stability.Level.STABLE)
public record BlockWrite(
    int slot,
    BlockKey key,
    @Nullable BlockKey parent,
    long generation,
    int priority,
    List<Region> source) {
  /** Checks the values. */
  public BlockWrite {
    Objects.requireNonNull(key, "key");
    source = List.copyOf(source);
  }
}
