package io.kvbm.core.cache;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What was used since the policy was last told, written without a lock and read under the cache's.
 *
 * <p>Two records complete each other. Every value used is noted once, in a list: none is ever
 * forgotten, so what was used stays longer than what was not. And threads, spread over stripes,
 * write down their last {@value #RING} hits each, older ones being overwritten: that keeps how
 * often and in which order the latest were used. The order of hits on different stripes is not
 * known.
 */
final class HitLog {

  /** Hits a stripe remembers. */
  static final int RING = 128;

  /** Keeps the stripes off each other's cache lines, the neighbouring line included. */
  private static final int PADDED_RING = RING + 32;

  private static final int PADDED_COUNT = 16;
  private static final int LEAST_STRIPES = 8;
  private static final int MOST_STRIPES = 256;

  private final int mask;
  private final AtomicLongArray counts;
  private final AtomicIntegerArray rings;
  private final AtomicReference<@Nullable CachedValue> noted = new AtomicReference<>();

  /** Up to where each stripe was read; guarded by the cache's lock. */
  private final long[] starts;

  private final long[] ends;
  private long drainings;

  HitLog() {
    int wanted = 4 * Runtime.getRuntime().availableProcessors();
    int stripes = LEAST_STRIPES;
    while (stripes < wanted && stripes < MOST_STRIPES) {
      stripes *= 2;
    }
    mask = stripes - 1;
    counts = new AtomicLongArray((stripes + 1) * PADDED_COUNT);
    rings = new AtomicIntegerArray(stripes * PADDED_RING);
    starts = new long[stripes];
    ends = new long[stripes];
  }

  /** Counts and writes down a hit. */
  void hit(CachedValue value) {
    note(value);
    int stripe = (int) Thread.currentThread().threadId() & mask;
    long number = counts.getAndIncrement(countAt(stripe));
    rings.setOpaque(ringAt(stripe, number), value.slot);
  }

  /** Notes a use, or the end of one, that is no hit. */
  void note(CachedValue value) {
    if (value.tryNote()) {
      push(value);
    }
  }

  private void push(CachedValue value) {
    CachedValue seen = noted.get();
    while (true) {
      value.nextNoted = seen;
      CachedValue found = noted.compareAndExchange(seen, value);
      if (found == seen) {
        return;
      }
      seen = found;
    }
  }

  /** {@return hits so far} */
  long count() {
    long sum = 0;
    for (int stripe = 0; stripe <= mask; stripe++) {
      sum += counts.get(countAt(stripe));
    }
    return sum;
  }

  /**
   * Tells all that was used since the last time, the latest last. Under the cache's lock.
   *
   * @param residents told by slot of each hit, and of each value noted
   */
  void drain(Residents residents) {
    drainings++;
    list(residents);
    tellNoted(residents);
    for (int stripe = 0; stripe <= mask; stripe++) {
      for (long number = starts[stripe]; number < ends[stripe]; number++) {
        CachedValue value = residents.at(rings.getOpaque(ringAt(stripe, number)));
        if (value != null) {
          residents.used(value);
        }
      }
      starts[stripe] = ends[stripe];
    }
  }

  /** Marks what the rings will tell of, so that a noted value is not told of once more. */
  private void list(Residents residents) {
    for (int stripe = 0; stripe <= mask; stripe++) {
      ends[stripe] = counts.get(countAt(stripe));
      starts[stripe] = Math.max(starts[stripe], ends[stripe] - RING);
      for (long number = starts[stripe]; number < ends[stripe]; number++) {
        CachedValue value = residents.at(rings.getOpaque(ringAt(stripe, number)));
        if (value != null) {
          value.listedIn = drainings;
        }
      }
    }
  }

  private void tellNoted(Residents residents) {
    CachedValue value = oldestFirst(noted.getAndSet(null));
    while (value != null) {
      CachedValue next = value.nextNoted;
      value.nextNoted = null;
      value.forgetNote(); // before it is told of: a use from here on notes it anew
      residents.noted(value, value.listedIn != drainings);
      value = next;
    }
  }

  private static @Nullable CachedValue oldestFirst(@Nullable CachedValue newestFirst) {
    CachedValue reversed = null;
    CachedValue value = newestFirst;
    while (value != null) {
      CachedValue next = value.nextNoted;
      value.nextNoted = reversed;
      reversed = value;
      value = next;
    }
    return reversed;
  }

  private static int countAt(int stripe) {
    return (stripe + 1) * PADDED_COUNT;
  }

  private static int ringAt(int stripe, long number) {
    return stripe * PADDED_RING + ((int) number & RING - 1);
  }
}
