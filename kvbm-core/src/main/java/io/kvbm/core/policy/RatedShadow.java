package io.kvbm.core.policy;

/** A shadow of the choice by {@link ReuseIndex}. */
final class RatedShadow implements ShadowCache {

  private final RatedGroups blocks;

  RatedShadow(int slotCount, int groups, ReuseIndex reuse) {
    blocks = new RatedGroups(groups, 1, slotCount, reuse);
  }

  @Override
  public void entered(int slot, int group, long now) {
    blocks.add(slot, group, 0, now);
  }

  @Override
  public void touched(int slot, int group, long now) {
    blocks.move(slot, group, 0, now);
  }

  @Override
  public int evict(long now) {
    int victim = blocks.leastPromising(now);
    blocks.remove(victim);
    return victim;
  }
}
