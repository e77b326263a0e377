package io.kvbm.core.policy;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Estimates how often a key was seen lately, in four to eight bytes per expected key: a count-min
 * sketch of 4-bit counters.
 *
 * <p>Each key has four counters; its frequency is the smallest of them, so it may be estimated too
 * high and, but for ageing, never too low. Counters stop at {@link #MAX_FREQUENCY}. After ten
 * increments per expected key all counters are halved, so that what was popular once does not stay
 * so. The halving is spread over the increments that follow, eight words each, and cannot be told
 * from one that is done at once; what is left of it when the next one is due is done in one step.
 *
 * <p>Threading: safe from any thread. Reading and counting take no locks, but for the one increment
 * in many that begins a halving. An increment that races the halving may be halved with the rest.
 */
public final class FrequencySketch {

  /** Where counters stop. */
  public static final int MAX_FREQUENCY = AgeingCounters.MAX;

  private static final int HASHES = 4;
  private static final int INCREMENTS_PER_KEY = 10;
  private static final int MAX_EXPECTED_KEYS = 1 << 29;
  private static final long[] SEEDS = {
    0x9E37_79B9_7F4A_7C15L, 0xC2B2_AE3D_27D4_EB4FL, 0x1656_67B1_9E37_79F9L, 0x27D4_EB2F_1656_67C5L
  };

  private final AgeingCounters counters;
  private final int wordShift;
  private final long period;
  private final AtomicLong increments = new AtomicLong();

  /**
   * Creates a sketch that has seen nothing.
   *
   * @param expectedKeys how many different keys it should tell apart, 1 to 2^29
   * @throws CallerException if the number is out of range
   */
  public FrequencySketch(int expectedKeys) {
    if (expectedKeys < 1 || expectedKeys > MAX_EXPECTED_KEYS) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "a frequency sketch is made for 1 to %d keys, got %d"
              .formatted(MAX_EXPECTED_KEYS, expectedKeys));
    }
    int wordCount = Math.max(2, ceilingPowerOfTwo(expectedKeys) / 2);
    counters = new AgeingCounters(wordCount);
    wordShift = Long.SIZE - Integer.numberOfTrailingZeros(wordCount);
    period = (long) INCREMENTS_PER_KEY * expectedKeys;
  }

  /**
   * {@return how often the key was seen lately, 0 to {@link #MAX_FREQUENCY}}
   *
   * @param key 64 bits that identify what is counted; they need not be well mixed
   */
  public int frequency(long key) {
    int smallest = MAX_FREQUENCY;
    for (int i = 0; i < HASHES; i++) {
      long hash = hash(key, i);
      long word = counters.word(wordIndex(hash));
      smallest = Math.min(smallest, (int) (word >>> counterShift(hash)) & MAX_FREQUENCY);
    }
    return smallest;
  }

  /**
   * Counts a sighting.
   *
   * @param key 64 bits that identify what is counted
   */
  public void increment(long key) {
    for (int i = 0; i < HASHES; i++) {
      long hash = hash(key, i);
      counters.increment(wordIndex(hash), counterShift(hash));
    }
    counters.ageSome();
    // Exactly one thread sees each multiple of the period, so each halving is done once.
    if (increments.incrementAndGet() % period == 0) {
      age();
    }
  }

  /** Halves all counters, rounding down; done by itself after ten increments per expected key. */
  public void age() {
    counters.age();
  }

  AgeingCounters counters() {
    return counters;
  }

  /** {@return how many counters there are} */
  long counterCount() {
    return (long) counters.wordCount() * AgeingCounters.PER_WORD;
  }

  /** {@return how many counters are not 0} */
  long nonZeroCounterCount() {
    long count = 0;
    for (int i = 0; i < counters.wordCount(); i++) {
      long word = counters.word(i);
      for (int shift = 0; shift < Long.SIZE; shift += Long.SIZE / AgeingCounters.PER_WORD) {
        count += (word >>> shift & MAX_FREQUENCY) != 0 ? 1 : 0;
      }
    }
    return count;
  }

  /**
   * The word comes from the topmost bits of the hash: none of them chooses the counter inside the
   * word.
   */
  private int wordIndex(long hash) {
    return (int) (hash >>> wordShift);
  }

  /** The counter comes from the lowest four bits of the hash. */
  private static int counterShift(long hash) {
    return (int) (hash & AgeingCounters.PER_WORD - 1) << 2;
  }

  private static long hash(long key, int index) {
    long mixed = (key ^ SEEDS[index]) * 0xFF51_AFD7_ED55_8CCDL;
    mixed = (mixed ^ mixed >>> 32) * 0xC4CE_B9FE_1A85_EC53L;
    return mixed ^ mixed >>> 29;
  }

  private static int ceilingPowerOfTwo(int value) {
    return 1 << Integer.SIZE - Integer.numberOfLeadingZeros(value - 1);
  }
}
