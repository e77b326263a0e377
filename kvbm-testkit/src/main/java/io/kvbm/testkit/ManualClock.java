package io.kvbm.testkit;

import io.kvbm.api.spi.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A clock that moves only when it is told to. Its time of day can be made to jump, as it does when
 * somebody sets it or a battery is empty; the time that only rises never does. Threading: safe from
 * any thread.
 */
public final class ManualClock implements Clock {

  private static final Instant EPOCH = Instant.parse("2026-01-01T00:00:00Z");

  private final AtomicLong elapsedNanos = new AtomicLong();
  private final AtomicReference<Duration> jumped = new AtomicReference<>(Duration.ZERO);
  private volatile boolean frozen;

  /** Creates a clock at a fixed time of day. */
  public ManualClock() {}

  @Override
  public long nanoTime() {
    return elapsedNanos.get();
  }

  @Override
  public Instant instant() {
    return EPOCH.plusNanos(elapsedNanos.get()).plus(jumped.get());
  }

  /**
   * Moves the clock on.
   *
   * @param time how far, not negative
   */
  public void advance(Duration time) {
    if (time.isNegative()) {
      throw new IllegalArgumentException("a clock does not go back: " + time);
    }
    if (frozen) {
      jumped.accumulateAndGet(time, Duration::minus);
    }
    elapsedNanos.addAndGet(time.toNanos());
  }

  /**
   * Sets the time of day forwards or backwards; {@link #nanoTime} does not move.
   *
   * @param time how far, also negative and also years
   */
  public void jump(Duration time) {
    jumped.accumulateAndGet(time, Duration::plus);
  }

  /**
   * Stops the time of day, or lets it go on; {@link #nanoTime} goes on.
   *
   * @param stopped whether {@link #advance} leaves the time of day alone
   */
  public void freeze(boolean stopped) {
    frozen = stopped;
  }
}
