package io.kvbm.core.policy;

/**
 * A small cache of keys alone, one of several that {@link ShadowCaches} runs beside a tier to see
 * how a policy does. Its slots are the numbers that those give to keys. Not thread safe.
 */
interface ShadowCache {

  /** A block came and was used. */
  void entered(int slot, long key, int group, long now);

  /** A block was used. */
  void touched(int slot, int group, long now);

  /** Evicts a block and returns its slot. */
  int evict(long now);
}
