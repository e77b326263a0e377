package io.kvbm.core.policy;

/** A shadow of the choice by age: what {@code lru} would keep. */
final class AgeShadow implements ShadowCache {

  private final SlotQueue blocks;

  AgeShadow(int slotCount) {
    blocks = new SlotQueue(slotCount);
  }

  @Override
  public void entered(int slot, long key, int group, long now) {
    blocks.add(slot, 0, now);
  }

  @Override
  public void touched(int slot, int group, long now) {
    blocks.renew(slot, 0, now);
  }

  @Override
  public int evict(long now) {
    int oldest = blocks.peek();
    blocks.remove(oldest);
    return oldest;
  }
}
