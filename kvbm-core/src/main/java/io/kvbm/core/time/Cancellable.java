package io.kvbm.core.time;

/** Something that was scheduled. Threading: safe from any thread. */
@FunctionalInterface
public interface Cancellable {

  /**
   * Keeps it from running.
   *
   * @return whether it will not run because of this call; false where it ran, runs or was cancelled
   *     before
   */
  boolean cancel();
}
