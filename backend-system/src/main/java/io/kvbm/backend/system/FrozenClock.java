package io.kvbm.backend.system;

import io.kvbm.api.spi.Clock;
import java.time.Instant;

/**
 * Time standing still: a snapshot keeps seeing what it saw when it was opened.
 *
 * @param instant the time of day
 * @param nanoTime monotonic time
 */
record FrozenClock(Instant instant, long nanoTime) implements Clock {}
