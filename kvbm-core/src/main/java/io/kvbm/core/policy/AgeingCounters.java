package io.kvbm.core.policy;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Words of sixteen 4-bit counters, which are all halved together but not at once: an ageing is a
 * mark, a word that has not been halved since is read as if it were, is halved before it changes,
 * and otherwise when a cursor comes by, {@value #STEP} words at a time. What is read is the same as
 * if all had been halved in one step, which for a tier of a million blocks takes milliseconds.
 *
 * <p>Threading: safe from any thread. Reads and increments wait for nobody. One that races the
 * halving of its word may find the word as it was, or be halved with the rest.
 */
final class AgeingCounters {

  /** Where a counter stops. */
  static final int MAX = 15;

  /** Counters of a word. */
  static final int PER_WORD = 16;

  /** How many words {@link #ageSome} halves. */
  static final int STEP = 8;

  private static final long HALF_MASK = 0x7777_7777_7777_7777L;
  private static final VarHandle LONG = MethodHandles.arrayElementVarHandle(long[].class);

  private final long[] words;

  /** A bit for each word, equal to those of {@link #latest} once the word was halved. */
  private final long[] marks;

  private final long stepMask;
  private final ReentrantLock sweep = new ReentrantLock();

  /** The marks of the latest ageing: all bits set or none. */
  private volatile long latest;

  /** All words before it have had the latest ageing. Written under the lock. */
  private volatile int cursor;

  /**
   * @param wordCount a power of two
   */
  AgeingCounters(int wordCount) {
    words = new long[wordCount];
    marks = new long[Math.ceilDiv(wordCount, Long.SIZE)];
    stepMask = -1L >>> Long.SIZE - Math.min(STEP, wordCount);
    cursor = wordCount;
  }

  int wordCount() {
    return words.length;
  }

  /** {@return a word with all its counters} */
  long word(int index) {
    long word = (long) LONG.getOpaque(words, index);
    return isAgeing() && late(index, 1) != 0 ? halved(word) : word;
  }

  private boolean isAgeing() {
    return cursor < words.length;
  }

  /** Returns which words from one on, given as bits, have not had the latest ageing. */
  private long late(int index, long mask) {
    return ((long) LONG.getVolatile(marks, index / Long.SIZE) ^ latest) >>> index & mask;
  }

  /** Adds one to a counter below {@link #MAX}. */
  void increment(int index, int shift) {
    if (isAgeing()) {
      halveLate(index, 1);
    }
    long word = (long) LONG.getOpaque(words, index);
    while ((word >>> shift & MAX) != MAX
        && !LONG.weakCompareAndSetPlain(words, index, word, word + (1L << shift))) {
      word = (long) LONG.getOpaque(words, index);
    }
  }

  /** Halves all counters, rounding down; what is left to do of it is done by {@link #ageSome}. */
  void age() {
    sweep.lock();
    try {
      while (isAgeing()) {
        advance();
      }
      latest = ~latest;
      cursor = 0;
    } finally {
      sweep.unlock();
    }
  }

  /** Does a part of an ageing, if there is one to do and nobody else is at it. */
  void ageSome() {
    if (isAgeing() && sweep.tryLock()) {
      try {
        if (isAgeing()) {
          advance();
        }
      } finally {
        sweep.unlock();
      }
    }
  }

  private void advance() {
    int from = cursor;
    halveLate(from, stepMask);
    cursor = from + Long.bitCount(stepMask);
  }

  /** Halves those of some words, given as bits, that have not had the latest ageing. */
  private void halveLate(int from, long mask) {
    long late = late(from, mask);
    while (late != 0 && !mark(from, late)) {
      late = late(from, mask);
    }
    for (long rest = late; rest != 0; rest &= rest - 1) {
      halve(from + Long.numberOfTrailingZeros(rest));
    }
  }

  /** Whoever sets the mark of a word halves it. */
  private boolean mark(int from, long late) {
    int at = from / Long.SIZE;
    long before = (long) LONG.getVolatile(marks, at);
    return ((before ^ latest) >>> from & late) == late
        && LONG.compareAndSet(marks, at, before, before ^ late << from);
  }

  private void halve(int index) {
    long word = (long) LONG.getOpaque(words, index);
    while (word != 0 && !LONG.weakCompareAndSetPlain(words, index, word, halved(word))) {
      word = (long) LONG.getOpaque(words, index);
    }
  }

  private static long halved(long word) {
    return word >>> 1 & HALF_MASK;
  }

  /** {@return how many words have yet to be halved} */
  int lateCount() {
    int count = 0;
    for (int index = 0; index < words.length; index++) {
      count += (int) late(index, 1);
    }
    return count;
  }
}
