package io.kvbm.core.cache;

import java.util.Comparator;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Carves a slab into runs of whole units: the smallest free run that is large enough is taken, and
 * free neighbours are one run. Guarded by the cache's lock.
 */
final class SlabArena {

  /** Bytes in a unit: what the memory accesses of a GPU want as alignment. */
  static final long UNIT = 256;

  private static final Comparator<SlabRange> BY_SIZE =
      Comparator.<SlabRange>comparingLong(range -> range.byteSize)
          .thenComparingLong(range -> range.offset);

  private final SlabRange first;
  private final TreeSet<SlabRange> free = new TreeSet<>(BY_SIZE);
  private long used;

  /**
   * @param byteSize bytes of the slab, whole units
   */
  SlabArena(long byteSize) {
    first = new SlabRange(0, byteSize);
    release(first);
  }

  /** {@return the bytes a value takes: whole units, at least one, so that each has an address} */
  static long taken(long byteSize) {
    return Math.max(1, Math.ceilDiv(byteSize, UNIT)) * UNIT;
  }

  long usedByteSize() {
    return used;
  }

  /**
   * {@return a run, or null if no free one is large enough}
   *
   * @param byteSize whole units
   */
  @Nullable SlabRange tryTake(long byteSize) {
    SlabRange range = free.ceiling(new SlabRange(0, byteSize));
    if (range == null) {
      return null;
    }
    free.remove(range);
    range.free = false;
    if (range.byteSize > byteSize) {
      split(range, byteSize);
    }
    used += byteSize;
    return range;
  }

  private void split(SlabRange range, long byteSize) {
    SlabRange rest = new SlabRange(range.offset + byteSize, range.byteSize - byteSize);
    range.byteSize = byteSize;
    link(rest, range.after);
    link(range, rest);
    release(rest);
  }

  /** Gives back a run that was taken. */
  void giveBack(SlabRange range) {
    used -= range.byteSize;
    range.occupant = null;
    SlabRange start = range;
    SlabRange previous = range.before;
    if (previous != null && previous.free) {
      free.remove(previous);
      absorb(previous, range);
      start = previous;
    }
    SlabRange next = start.after;
    if (next != null && next.free) {
      free.remove(next);
      absorb(start, next);
    }
    release(start);
  }

  /** {@return bytes free together with a run, were it given back} */
  long byteSizeAround(SlabRange range) {
    return range.byteSize + freeByteSize(range.before) + freeByteSize(range.after);
  }

  /**
   * {@return the longest run there would be without what yields, or the first one that is long
   * enough}
   *
   * @param enough where to stop
   * @param yields whether a taken run could be given back
   */
  long longestRun(long enough, Predicate<SlabRange> yields) {
    long longest = 0;
    long run = 0;
    for (SlabRange range = first; range != null && longest < enough; range = range.after) {
      run = range.free || yields.test(range) ? run + range.byteSize : 0;
      longest = Math.max(longest, run);
    }
    return longest;
  }

  private void release(SlabRange range) {
    range.free = true;
    free.add(range);
  }

  private static void absorb(SlabRange range, SlabRange next) {
    range.byteSize += next.byteSize;
    link(range, next.after);
  }

  private static void link(SlabRange range, @Nullable SlabRange next) {
    range.after = next;
    if (next != null) {
      next.before = range;
    }
  }

  private static long freeByteSize(@Nullable SlabRange range) {
    return range != null && range.free ? range.byteSize : 0;
  }
}
