package io.kvbm.core.policy;

/**
 * A shadow of what {@code arc} would keep: {@link ArcPolicy} without a tree and with a constant
 * number of blocks, whose ghosts keep their slots.
 */
final class ArcShadow implements ShadowCache {

  private static final int ONCE = 0;
  private static final int AGAIN = 1;
  private static final int ONCE_GHOSTS = 2;
  private static final int AGAIN_GHOSTS = 3;

  private final int capacity;
  private final SlotLists blocks;

  /** How many blocks used once there should be. */
  private double target;

  /**
   * @param capacity blocks it keeps
   * @param slotCount slots there are
   */
  ArcShadow(int capacity, int slotCount) {
    this.capacity = capacity;
    blocks = new SlotLists(4, slotCount);
  }

  @Override
  public void entered(int slot, int group, long now) {
    double once = blocks.size(ONCE_GHOSTS);
    double again = blocks.size(AGAIN_GHOSTS);
    switch (blocks.listOf(slot)) {
      case ONCE_GHOSTS -> {
        target = Math.min(capacity, target + Math.max(1.0, again / once));
        blocks.moveToEnd(AGAIN, slot);
      }
      case AGAIN_GHOSTS -> {
        target = Math.max(0, target - Math.max(1.0, once / again));
        blocks.moveToEnd(AGAIN, slot);
      }
      default -> blocks.append(ONCE, slot);
    }
  }

  @Override
  public void touched(int slot, int group, long now) {
    blocks.moveToEnd(AGAIN, slot);
  }

  @Override
  public int evict(long now) {
    boolean fromOnce =
        blocks.size(AGAIN) == 0 || blocks.size(ONCE) > 0 && blocks.size(ONCE) > target;
    int victim = blocks.first(fromOnce ? ONCE : AGAIN);
    blocks.moveToEnd(fromOnce ? ONCE_GHOSTS : AGAIN_GHOSTS, victim);
    return victim;
  }

  @Override
  public boolean hasGhosts() {
    return true;
  }

  @Override
  public int forget() {
    if (blocks.size(ONCE_GHOSTS) > Math.max(0, capacity - blocks.size(ONCE))) {
      return forget(ONCE_GHOSTS);
    }
    if (blocks.size(AGAIN_GHOSTS) > capacity - blocks.size(ONCE_GHOSTS)) {
      return forget(AGAIN_GHOSTS);
    }
    return NONE;
  }

  private int forget(int list) {
    int oldest = blocks.first(list);
    blocks.remove(oldest);
    return oldest;
  }

  /** {@return which part of all blocks those used once should be} */
  double targetShare() {
    return target / capacity;
  }
}
