package io.kvbm.backend.disk.slab;

import io.kvbm.api.spi.Clock;
import java.util.SplittableRandom;

/**
 * Keeps the bytes written in a day below a limit. A bucket holds an hour's share and fills up
 * evenly; above its half every write is admitted, below it the more seldom the emptier it is, so
 * that the budget is spread over blocks instead of spent on the first ones of each hour.
 *
 * <p>After the dynamic random admission of CacheLib Navy, which also lowers a probability as the
 * target rate is exceeded. Threading: safe from any thread.
 */
final class WriteBudget {

  private static final double NANOS_PER_DAY = 86_400e9;
  private static final int SHARES_PER_DAY = 24;

  private final Clock clock;
  private final double byteSizePerNano;
  private final double capacity;
  private final SplittableRandom random;
  private double level;
  private long filledNanos;

  /**
   * @param dailyByteSize bytes of a day, above 0
   * @param largestWrite the bucket has room for two of these in any case
   * @param clock fills the bucket
   * @param seed decides between admitted and not below half
   */
  WriteBudget(long dailyByteSize, long largestWrite, Clock clock, long seed) {
    this.clock = clock;
    this.byteSizePerNano = (double) dailyByteSize / NANOS_PER_DAY;
    this.capacity = Math.max((double) dailyByteSize / SHARES_PER_DAY, 2.0 * (double) largestWrite);
    this.random = new SplittableRandom(seed);
    this.level = Math.min(capacity, (double) dailyByteSize);
    this.filledNanos = clock.nanoTime();
  }

  /** {@return whether so many bytes may be written; they are taken from the budget} */
  synchronized boolean tryTake(long byteSize) {
    fill();
    if ((double) byteSize > level || random.nextDouble() * capacity / 2 >= level) {
      return false;
    }
    level -= (double) byteSize;
    return true;
  }

  /** {@return bytes that are left now} */
  synchronized long available() {
    fill();
    return (long) level;
  }

  private void fill() {
    long now = clock.nanoTime();
    long passed = Math.max(0, now - filledNanos);
    filledNanos = now;
    level = Math.min(capacity, level + (double) passed * byteSizePerNano);
  }
}
