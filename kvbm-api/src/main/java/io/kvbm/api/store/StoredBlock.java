package io.kvbm.api.store;

import io.kvbm.api.Stability;
import io.kvbm.api.block.BlockKey;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A block found in a store on recovery.
 *
 * @param slot where it is
 * @param key its identity
 * @param parent the key of the block before it, or null for a first block
 * @param generation how often the slot was written; a read with another generation is a miss
 * @param fingerprint hash scheme, model and layout the bytes belong to
 * @param priority the priority its metadata had
 */
@Stability(Stability.Level.STABLE)
public record StoredBlock(
    int slot,
    BlockKey key,
    @Nullable BlockKey parent,
    long generation,
    long fingerprint,
    int priority) {
  /** Checks that there is a key. */
  public StoredBlock {
    Objects.requireNonNull(key, "key");
  }
}
