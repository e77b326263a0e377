package io.kvbm.backend.disk.object;

import io.kvbm.api.spi.Clock;

/**
 * The time of day as of the opening of the store, moved on by the monotonic clock: a jump of the
 * time of day takes no object away while the store is open.
 */
final class StoreClock {

  private static final long NANOS_PER_MILLI = 1_000_000;

  private final Clock clock;
  private final long openedMillis;
  private final long openedNanos;

  StoreClock(Clock clock) {
    this.clock = clock;
    this.openedMillis = clock.instant().toEpochMilli();
    this.openedNanos = clock.nanoTime();
  }

  long nowMillis() {
    return openedMillis + (clock.nanoTime() - openedNanos) / NANOS_PER_MILLI;
  }
}
