package io.kvbm.core.pool;

import io.kvbm.api.block.BlockKey;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Finds the slot of a key. Readers never wait: the table is open-addressed, an entry is published
 * after its key, and a removed one leaves a mark that keeps probe chains whole. Writers hold the
 * pool's lock. When marks pile up the table is rebuilt and replaced in one step.
 *
 * <p>A reader that overlaps a removal and a registration of the same key may miss both; at some
 * moment in between the key was absent, so the miss is a true answer.
 */
final class SlotIndex {

  private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(Slot[].class);
  private static final int LEAST_CAPACITY = 16;

  private final Slot removed;
  private volatile @Nullable Slot[] table;
  private int live;
  private int filled;

  SlotIndex(int expected, Slot removed) {
    this.removed = removed;
    this.table = new Slot[capacityFor(expected)];
  }

  /**
   * {@return the slot under the key, or null}; without a use taken, it may be re-used for another
   * key at any time
   *
   * @param hi the digest
   * @param lo the sequence hash
   */
  @Nullable Slot find(long hi, long lo) {
    @Nullable Slot[] cells = table;
    int mask = cells.length - 1;
    for (int i = home(lo, mask); ; i = i + 1 & mask) {
      Slot slot = (Slot) CELL.getAcquire(cells, i);
      if (slot == null) {
        return null;
      }
      if (slot.keyLo == lo && slot.keyHi == hi && slot != removed) {
        return slot;
      }
    }
  }

  /**
   * {@return a slot whose sequence hash is the one given, or null}; for callers who know 64 bits
   * only
   *
   * @param lo the sequence hash
   */
  @Nullable Slot findByHash(long lo) {
    @Nullable Slot[] cells = table;
    int mask = cells.length - 1;
    for (int i = home(lo, mask); ; i = i + 1 & mask) {
      Slot slot = (Slot) CELL.getAcquire(cells, i);
      if (slot == null) {
        return null;
      }
      if (slot.keyLo == lo && slot != removed) {
        return slot;
      }
    }
  }

  @Nullable Slot find(@Nullable BlockKey key) {
    return key == null ? null : find(key.hi(), key.lo());
  }

  /** Adds a slot whose key is not in the index. Under the lock. */
  void insert(Slot slot) {
    if (2 * (filled + 1) > table.length) {
      rebuild();
    }
    @Nullable Slot[] cells = table;
    int mask = cells.length - 1;
    int i = home(slot.keyLo, mask);
    while (cells[i] != null && cells[i] != removed) {
      i = i + 1 & mask;
    }
    if (cells[i] == null) {
      filled++;
    }
    live++;
    CELL.setRelease(cells, i, slot);
  }

  /** Removes a slot. Under the lock, before its key changes. */
  void remove(Slot slot) {
    @Nullable Slot[] cells = table;
    int mask = cells.length - 1;
    int i = home(slot.keyLo, mask);
    while (cells[i] != slot) {
      if (cells[i] == null) {
        throw new AssertionError("slot " + slot.id + " is not in the index");
      }
      i = i + 1 & mask;
    }
    boolean chainEnds = cells[i + 1 & mask] == null;
    @Nullable Slot left = chainEnds ? null : removed;
    CELL.setRelease(cells, i, left);
    if (chainEnds) {
      filled--;
    }
    live--;
  }

  int size() {
    return live;
  }

  private void rebuild() {
    @Nullable Slot[] old = table;
    @Nullable Slot[] next = new Slot[capacityFor(live + 1)];
    int mask = next.length - 1;
    for (Slot slot : old) {
      if (slot != null && slot != removed) {
        int i = home(slot.keyLo, mask);
        while (next[i] != null) {
          i = i + 1 & mask;
        }
        next[i] = slot;
      }
    }
    filled = live;
    table = next;
  }

  /** A quarter full after a rebuild, so that half of it is left for marks and new entries. */
  private static int capacityFor(int entries) {
    return Math.max(LEAST_CAPACITY, Integer.highestOneBit(Math.max(1, 4 * entries - 1)) << 1);
  }

  /** Hashes come from traces too, where they are small numbers in order: spread them. */
  private static int home(long lo, int mask) {
    long mixed = lo * 0x9E3779B97F4A7C15L;
    return (int) (mixed >>> 32 ^ mixed) & mask;
  }
}
