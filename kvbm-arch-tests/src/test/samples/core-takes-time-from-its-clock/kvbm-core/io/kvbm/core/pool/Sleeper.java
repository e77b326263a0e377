package io.kvbm.core.pool;

/** Broken: a test cannot move its time. */
final class Sleeper {
  long now() {
    return System.nanoTime();
  }
}
