package io.kvbm.api.spi;

import io.kvbm.api.Stability;
import java.time.Instant;

/** Time, so that tests can hold it still. Threading: safe from any thread. */
@Stability(Stability.Level.STABLE)
public interface Clock {

  /** The machine's clock. */
  Clock SYSTEM =
      new Clock() {
        @Override
        public long nanoTime() {
          return System.nanoTime();
        }

        @Override
        public Instant instant() {
          return Instant.now();
        }
      };

  /** {@return monotonic time in nanoseconds; only differences mean something} */
  long nanoTime();

  /** {@return the time of day} */
  Instant instant();
}
