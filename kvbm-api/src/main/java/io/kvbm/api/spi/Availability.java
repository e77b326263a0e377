package io.kvbm.api.spi;

import io.kvbm.api.Stability;
import java.util.Objects;

/** Whether something can run on this machine. */
@Stability(Stability.Level.STABLE)
public sealed interface Availability {

  /**
   * It can.
   *
   * @param details one line: what was found
   */
  record Available(String details) implements Availability {
    /** Checks that there is a text. */
    public Available {
      Objects.requireNonNull(details, "details");
    }
  }

  /**
   * It cannot.
   *
   * @param reason one line: why, and what would help
   */
  record Unavailable(String reason) implements Availability {
    /** Checks that there is a text. */
    public Unavailable {
      Objects.requireNonNull(reason, "reason");
    }
  }

  /** {@return whether it can run} */
  default boolean isAvailable() {
    return this instanceof Available;
  }
}
