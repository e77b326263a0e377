package io.kvbm.core.policy;

import java.util.Arrays;

/**
 * Finds entries, which are small numbers that the caller gives out, by their 64-bit keys: a table
 * of open addresses, at most half full, without boxes. A removed entry leaves no trace. Each call
 * is O(1) on average. Not thread safe.
 */
final class KeyTable {

  /** What {@link #find} answers for a key that no entry has. */
  static final int NONE = -1;

  private static final long MIXER = 0x9E37_79B9_7F4A_7C15L;

  /** By entry: its key. */
  private long[] keys;

  /** Entries by the hash of their key; the length is a power of two. */
  private int[] cells;

  /**
   * @param entryCount entries 0 to {@code entryCount - 1} can be put in
   */
  KeyTable(int entryCount) {
    keys = new long[entryCount];
    cells = emptyCells(entryCount);
  }

  private static int[] emptyCells(int entryCount) {
    int[] empty = new int[Integer.highestOneBit(Math.max(1, 2 * entryCount - 1)) << 1];
    Arrays.fill(empty, NONE);
    return empty;
  }

  /** Makes room for more entries. */
  void grow(int entryCount) {
    int[] before = cells;
    keys = Arrays.copyOf(keys, entryCount);
    cells = emptyCells(entryCount);
    for (int entry : before) {
      if (entry != NONE) {
        put(entry, keys[entry]);
      }
    }
  }

  /** Takes every entry out. */
  void clear() {
    Arrays.fill(cells, NONE);
  }

  /** {@return the key the entry has, or had when it was taken out} */
  long key(int entry) {
    return keys[entry];
  }

  /** {@return the entry with a key, or {@link #NONE}} */
  int find(long key) {
    int mask = cells.length - 1;
    int cell = home(key);
    while (true) {
      int entry = cells[cell];
      if (entry == NONE || keys[entry] == key) {
        return entry;
      }
      cell = cell + 1 & mask;
    }
  }

  /** Puts in an entry that is not in the table, under a key that is not either. */
  void put(int entry, long key) {
    keys[entry] = key;
    int mask = cells.length - 1;
    int cell = home(key);
    while (cells[cell] != NONE) {
      cell = cell + 1 & mask;
    }
    cells[cell] = entry;
  }

  /** Gives the key of an entry in the table to another that is not, in its place. */
  void replace(int entry, int other) {
    long key = keys[entry];
    keys[other] = key;
    cells[cellOf(entry, key)] = other;
  }

  /** Takes out an entry that is in the table. */
  void remove(int entry) {
    int mask = cells.length - 1;
    int gap = cellOf(entry, keys[entry]);
    cells[gap] = NONE;
    for (int cell = gap + 1 & mask; cells[cell] != NONE; cell = cell + 1 & mask) {
      int distance = cell - home(keys[cells[cell]]) & mask;
      if (distance >= (cell - gap & mask)) { // it was put behind the gap for want of room
        cells[gap] = cells[cell];
        cells[cell] = NONE;
        gap = cell;
      }
    }
  }

  private int cellOf(int entry, long key) {
    int mask = cells.length - 1;
    int cell = home(key);
    while (cells[cell] != entry) {
      cell = cell + 1 & mask;
    }
    return cell;
  }

  private int home(long key) {
    long mixed = (key ^ key >>> 32) * MIXER;
    return (int) (mixed >>> Long.SIZE - Integer.numberOfTrailingZeros(cells.length));
  }
}
