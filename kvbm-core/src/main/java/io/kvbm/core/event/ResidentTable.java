package io.kvbm.core.event;

import io.kvbm.api.block.BlockKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of one tier and their parents. Entries lie without holes in one array of longs, so
 * that an image of a million blocks is one copy of 32 MB; an index finds them by key. Not thread
 * safe.
 */
final class ResidentTable {

  /** Key and parent, two longs each; a block that has no parent is written as its own. */
  private static final int WIDTH = 4;

  private static final int FIRST_CAPACITY = 64;

  private long[] entries = new long[FIRST_CAPACITY * WIDTH];

  /** Number of an entry plus 1, or 0; linear probing, at most half full. */
  private int[] buckets = new int[2 * FIRST_CAPACITY];

  private int size;

  int size() {
    return size;
  }

  /** Adds a block and returns true, or returns false where it is there. */
  boolean add(BlockKey key, @Nullable BlockKey parent) {
    if (2 * (size + 1) > buckets.length) {
      grow();
    }
    int bucket = find(key.hi(), key.lo());
    if (buckets[bucket] != 0) {
      return false;
    }
    BlockKey written = parent == null ? key : parent;
    int at = size * WIDTH;
    entries[at] = key.hi();
    entries[at + 1] = key.lo();
    entries[at + 2] = written.hi();
    entries[at + 3] = written.lo();
    size++;
    buckets[bucket] = size;
    return true;
  }

  /** Removes a block and returns true, or returns false where it is not there. */
  boolean remove(BlockKey key) {
    int bucket = find(key.hi(), key.lo());
    if (buckets[bucket] == 0) {
      return false;
    }
    int hole = (buckets[bucket] - 1) * WIDTH;
    int last = (size - 1) * WIDTH;
    if (hole != last) {
      buckets[find(entries[last], entries[last + 1])] = buckets[bucket];
      System.arraycopy(entries, last, entries, hole, WIDTH);
    }
    size--;
    closeUp(bucket);
    return true;
  }

  void clear() {
    entries = new long[FIRST_CAPACITY * WIDTH];
    buckets = new int[2 * FIRST_CAPACITY];
    size = 0;
  }

  /** Returns a copy for {@link #read}. */
  long[] image() {
    return Arrays.copyOf(entries, size * WIDTH);
  }

  static List<RouterSnapshot.Resident> read(long[] image) {
    List<RouterSnapshot.Resident> blocks = new ArrayList<>(image.length / WIDTH);
    for (int at = 0; at < image.length; at += WIDTH) {
      BlockKey key = new BlockKey(image[at], image[at + 1]);
      BlockKey parent = new BlockKey(image[at + 2], image[at + 3]);
      blocks.add(new RouterSnapshot.Resident(key, parent.equals(key) ? null : parent));
    }
    return blocks;
  }

  /** Returns the bucket of a key, or the empty one where it would be. */
  private int find(long hi, long lo) {
    int mask = buckets.length - 1;
    int bucket = hash(hi, lo) & mask;
    while (buckets[bucket] != 0) {
      int at = (buckets[bucket] - 1) * WIDTH;
      if (entries[at] == hi && entries[at + 1] == lo) {
        return bucket;
      }
      bucket = bucket + 1 & mask;
    }
    return bucket;
  }

  /** Empties a bucket and moves back those after it that a search would not reach any more. */
  private void closeUp(int emptied) {
    int mask = buckets.length - 1;
    int hole = emptied;
    int bucket = hole + 1 & mask;
    while (buckets[bucket] != 0) {
      int at = (buckets[bucket] - 1) * WIDTH;
      int home = hash(entries[at], entries[at + 1]) & mask;
      if ((bucket - home & mask) >= (bucket - hole & mask)) {
        buckets[hole] = buckets[bucket];
        hole = bucket;
      }
      bucket = bucket + 1 & mask;
    }
    buckets[hole] = 0;
  }

  private void grow() {
    entries = Arrays.copyOf(entries, Math.multiplyExact(entries.length, 2));
    buckets = new int[2 * buckets.length];
    for (int i = 0; i < size; i++) {
      buckets[find(entries[i * WIDTH], entries[i * WIDTH + 1])] = i + 1;
    }
  }

  private static int hash(long hi, long lo) {
    long mixed = (lo ^ Long.rotateLeft(hi, 32)) * 0x9E37_79B9_7F4A_7C15L;
    return (int) (mixed ^ mixed >>> 32);
  }
}
