package io.kvbm.core.retention;

import java.util.Arrays;

/** Whose the block in each slot of a pool is, by number. Guarded by the lock of the pool. */
final class SlotOwners {

  private static final int LEAST = 16;

  private int[] owners;

  SlotOwners(int capacity) {
    owners = new int[capacity];
  }

  void set(int slot, int owner) {
    if (slot >= owners.length) {
      owners = Arrays.copyOf(owners, Math.max(LEAST, Math.max(slot + 1, 2 * owners.length)));
    }
    owners[slot] = owner;
  }

  int of(int slot) {
    return slot < owners.length ? owners[slot] : Namespaces.UNCLAIMED;
  }
}
