package io.kvbm.testkit;

import io.kvbm.api.spi.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that moves only when it is told to. Threading: safe from any thread. */
public final class ManualClock implements Clock {

  private static final Instant EPOCH = Instant.parse("2026-01-01T00:00:00Z");

  private final AtomicLong elapsedNanos = new AtomicLong();

  /** Creates a clock at a fixed time of day. */
  public ManualClock() {}

  @Override
  public long nanoTime() {
    return elapsedNanos.get();
  }

  @Override
  public Instant instant() {
    return EPOCH.plusNanos(elapsedNanos.get());
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
    elapsedNanos.addAndGet(time.toNanos());
  }
}
