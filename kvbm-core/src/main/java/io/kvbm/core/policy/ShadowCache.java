package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;

/**
 * A small cache without contents, one of several that {@link ShadowCaches} runs beside a tier to
 * see how a policy does. Its slots are the numbers that those give to keys. Not thread safe.
 */
interface ShadowCache {

  /** No slot. */
  int NONE = EvictionPolicy.NONE;

  /** A block came and was used. */
  void entered(int slot, int group, long now);

  /** A block was used. */
  void touched(int slot, int group, long now);

  /** Evicts a block and returns its slot. */
  int evict(long now);

  /** {@return whether {@link #forget} will give up a slot some time after it was evicted} */
  default boolean hasGhosts() {
    return false;
  }

  /**
   * Gives up the slot of a block that was evicted before and need not be known any more; asked
   * until there is none.
   *
   * @return the slot, or {@link #NONE}
   */
  default int forget() {
    return NONE;
  }
}
