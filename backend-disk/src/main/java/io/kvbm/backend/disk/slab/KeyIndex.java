package io.kvbm.backend.disk.slab;

import io.kvbm.api.block.BlockKey;
import java.util.Arrays;

/** Finds blocks that are in two slots: an open hash table of slot numbers. For one thread. */
final class KeyIndex {

  private static final int NONE = -1;

  private final SlotTable table;
  private final int[] places;

  KeyIndex(SlotTable table) {
    this.table = table;
    int size = Integer.highestOneBit(Math.clamp(table.slots() * 2L, 2, 1 << 29)) << 1;
    this.places = new int[size];
    Arrays.fill(places, NONE);
  }

  /**
   * Enters a slot that holds a block; where two hold the same block, the one with the lower
   * generation is dropped from the table.
   *
   * @return whether one was dropped
   */
  boolean add(int slot) {
    int place = place(table.key(slot));
    int former = places[place];
    if (former == NONE) {
      places[place] = slot;
      return false;
    }
    boolean isNewer = table.generation(slot) > table.generation(former);
    table.drop(isNewer ? former : slot);
    places[place] = isNewer ? slot : former;
    return true;
  }

  private int place(BlockKey key) {
    long mixed = (key.lo() ^ Long.rotateLeft(key.hi(), 32)) * 0x9E3779B97F4A7C15L;
    int place = (int) (mixed >>> 33) & (places.length - 1);
    while (places[place] != NONE && !table.key(places[place]).equals(key)) {
      place = (place + 1) & (places.length - 1);
    }
    return place;
  }
}
