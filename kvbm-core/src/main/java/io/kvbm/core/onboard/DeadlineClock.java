package io.kvbm.core.onboard;

import io.kvbm.api.spi.Clock;
import io.kvbm.core.time.Deadlines;
import java.time.Instant;

/** The time deadlines are measured against, as a clock. */
record DeadlineClock(Deadlines deadlines) implements Clock {

  @Override
  public long nanoTime() {
    return deadlines.nanoTime();
  }

  @Override
  public Instant instant() {
    return Instant.EPOCH.plusNanos(nanoTime());
  }
}
