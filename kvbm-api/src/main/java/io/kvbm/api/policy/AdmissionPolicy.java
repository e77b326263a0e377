package io.kvbm.api.policy;

import io.kvbm.api.Stability;
import io.kvbm.api.block.BlockKey;

/** Decides whether a block is worth writing to a lower tier. Threading: safe from any thread. */
@Stability(Stability.Level.PREVIEW)
@FunctionalInterface
public interface AdmissionPolicy {

  /** Admits every block. */
  AdmissionPolicy PASS_ALL = (key, byteSize, priority) -> true;

  /**
   * {@return whether to write the block}; the call counts as a sighting.
   *
   * @param key the block
   * @param byteSize its length in bytes
   * @param priority its offload priority
   */
  boolean admit(BlockKey key, long byteSize, long priority);
}
