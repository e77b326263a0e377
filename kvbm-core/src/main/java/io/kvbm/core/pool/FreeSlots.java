package io.kvbm.core.pool;

import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * The empty slots, the longest empty first, linked through the slots themselves: one that a store's
 * recovery fills is taken out of the middle in one step. Guarded by the pool's lock.
 */
final class FreeSlots {

  private @Nullable Slot first;
  private @Nullable Slot last;
  private int size;

  int size() {
    return size;
  }

  void addLast(Slot slot) {
    slot.previousFree = last;
    if (last == null) {
      first = slot;
    } else {
      last.nextFree = slot;
    }
    last = slot;
    size++;
  }

  Slot removeFirst() {
    Slot slot = first;
    if (slot == null) {
      throw new NoSuchElementException("no slot is free");
    }
    remove(slot);
    return slot;
  }

  /** Takes out a slot that is in the list. */
  void remove(Slot slot) {
    Slot before = slot.previousFree;
    Slot after = slot.nextFree;
    if (before == null) {
      first = after;
    } else {
      before.nextFree = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.previousFree = before;
    }
    slot.previousFree = null;
    slot.nextFree = null;
    size--;
  }
}
