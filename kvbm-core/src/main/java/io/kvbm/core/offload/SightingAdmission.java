package io.kvbm.core.offload;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.policy.AdmissionPolicy;
import io.kvbm.api.spi.Clock;
import io.kvbm.core.policy.FrequencySketch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Admits blocks from their k-th sighting on. Sightings are halved after ten of them per expected
 * block, and after each period of time if one is given, so that what was seen long ago is
 * forgotten. A block may be taken for another and admitted early, never late but for the halving.
 *
 * <p>Threading: safe from any thread, without locks. Time is looked at with each sighting; there is
 * no thread.
 */
public final class SightingAdmission implements AdmissionPolicy {

  /** The period after which nothing is forgotten. */
  public static final long NEVER = Long.MAX_VALUE;

  /** After so many halvings every counter is 0. */
  private static final int HALVINGS_TO_ZERO =
      Integer.SIZE - Integer.numberOfLeadingZeros(FrequencySketch.MAX_FREQUENCY);

  private final int sightings;
  private final FrequencySketch sketch;
  private final Clock clock;
  private final long decayNanos;
  private final AtomicLong decayedAtNanos;

  /**
   * Creates a policy that has seen nothing.
   *
   * @param sightings which sighting is admitted first, 1 to {@link FrequencySketch#MAX_FREQUENCY}
   * @param expectedBlocks how many different blocks it should tell apart
   * @param decayNanos after how much time sightings are halved; {@link #NEVER} for not at all
   * @param clock time
   */
  public SightingAdmission(int sightings, int expectedBlocks, long decayNanos, Clock clock) {
    requireSightings(sightings);
    if (decayNanos < 1) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG, "decayNanos must be at least 1, got " + decayNanos);
    }
    this.sightings = sightings;
    this.sketch = new FrequencySketch(expectedBlocks);
    this.clock = clock;
    this.decayNanos = decayNanos;
    this.decayedAtNanos = new AtomicLong(clock.nanoTime());
  }

  /** The most sightings a counter can tell. */
  public static final int MAX_SIGHTINGS = FrequencySketch.MAX_FREQUENCY;

  static void requireSightings(int sightings) {
    if (sightings < 1 || sightings > FrequencySketch.MAX_FREQUENCY) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "sightings must be 1 to %d, got %d".formatted(FrequencySketch.MAX_FREQUENCY, sightings));
    }
  }

  @Override
  public boolean admit(BlockKey key, long byteSize, long priority) {
    decay();
    long bits = bits(key);
    sketch.increment(bits);
    return sketch.frequency(bits) >= sightings;
  }

  /**
   * {@return how often a block was seen lately, 0 to {@link FrequencySketch#MAX_FREQUENCY}; asking
   * is no sighting}
   *
   * @param key the block
   */
  public int frequency(BlockKey key) {
    decay();
    return sketch.frequency(bits(key));
  }

  private static long bits(BlockKey key) {
    return key.lo() ^ Long.rotateLeft(key.hi(), Integer.SIZE);
  }

  /** Makes up for every period that has passed; each is made up for by one thread. */
  private void decay() {
    if (decayNanos == NEVER) {
      return;
    }
    long before = decayedAtNanos.get();
    long periods = (clock.nanoTime() - before) / decayNanos;
    if (periods > 0 && decayedAtNanos.compareAndSet(before, before + periods * decayNanos)) {
      for (int i = 0; i < Math.min(periods, HALVINGS_TO_ZERO); i++) {
        sketch.age();
      }
    }
  }
}
