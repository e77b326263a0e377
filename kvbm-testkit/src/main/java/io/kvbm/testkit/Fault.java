package io.kvbm.testkit;

import java.util.Objects;

/**
 * Something a harness can break under an open backend and mend again.
 *
 * @param name in a few words, for messages
 * @param strike breaks it, until it is mended
 * @param mend makes it work again
 */
public record Fault(String name, Runnable strike, Runnable mend) {
  /** Checks that everything is there. */
  public Fault {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(strike, "strike");
    Objects.requireNonNull(mend, "mend");
  }
}
