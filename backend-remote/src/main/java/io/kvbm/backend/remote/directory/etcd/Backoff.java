package io.kvbm.backend.remote.directory.etcd;

import java.util.concurrent.ThreadLocalRandom;

/** How long to wait before each further attempt: longer each time, and never for the same time. */
final class Backoff {

  private static final long LEAST_MILLIS = 100;
  private static final long MOST_MILLIS = 2000;
  private static final int ATTEMPTS_PER_CLIENT = 4;

  private int attempts;

  /** {@return whether the next attempt is to be made with a new client} */
  boolean isClientOld() {
    return attempts % ATTEMPTS_PER_CLIENT == ATTEMPTS_PER_CLIENT - 1;
  }

  long nextMillis() {
    long longest = Math.min(MOST_MILLIS, LEAST_MILLIS << Math.min(10, attempts++));
    return longest / 2 + ThreadLocalRandom.current().nextLong(longest / 2 + 1);
  }

  void reset() {
    attempts = 0;
  }
}
