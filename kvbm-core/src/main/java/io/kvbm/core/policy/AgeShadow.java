package io.kvbm.core.policy;

/** A shadow of the choice by age: what {@code lru} would keep. */
final class AgeShadow implements ShadowCache {

  private final SlotLists blocks;

  AgeShadow(int slotCount) {
    blocks = new SlotLists(1, slotCount);
  }

  @Override
  public void entered(int slot, int group, long now) {
    blocks.append(0, slot);
  }

  @Override
  public void touched(int slot, int group, long now) {
    blocks.moveToEnd(0, slot);
  }

  @Override
  public int evict(long now) {
    int oldest = blocks.first(0);
    blocks.remove(oldest);
    return oldest;
  }
}
