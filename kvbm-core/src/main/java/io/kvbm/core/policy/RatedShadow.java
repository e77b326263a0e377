package io.kvbm.core.policy;

/** A shadow of the choice by {@link ReuseIndex}. */
final class RatedShadow extends ShadowCache {

  private final RatedHeaps blocks;

  RatedShadow(int capacity, int groups, ReuseIndex reuse) {
    super(capacity);
    blocks = new RatedHeaps(groups, capacity + 1, reuse);
  }

  @Override
  void entered(int slot, long key, int group, long now) {
    blocks.add(slot, group, now);
  }

  @Override
  void touched(int slot, int group, long now) {
    blocks.removeIfPresent(slot);
    blocks.add(slot, group, now);
  }

  @Override
  int evict(long now) {
    int victim = blocks.leastPromising(now);
    blocks.removeIfPresent(victim);
    return victim;
  }
}
