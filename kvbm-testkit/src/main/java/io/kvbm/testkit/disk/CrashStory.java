package io.kvbm.testkit.disk;

import java.util.SplittableRandom;

/**
 * One store on a disk whose power is cut again and again, and what it must not forget: what {@link
 * CrashRuns} makes anew for each seed. Everything runs on the calling thread, so that the same seed
 * gives the same story.
 *
 * <p>The power may be cut in any call of the disk. The store then throws what it throws; only
 * assertions are failures.
 */
public interface CrashStory {

  /**
   * Opens the store, which recovers, and asserts that what it finds is allowed.
   *
   * @param disk the disk as the new process finds it
   */
  void open(SimDisk disk);

  /**
   * Uses the open store, noting before each operation that it is tried and after it that it was
   * acknowledged.
   *
   * @param random decides what is done
   * @param operations how many operations
   */
  void work(SplittableRandom random, int operations);

  /**
   * Lets go of the open store as the death of its process does: frees what it holds in memory,
   * expecting nothing of the disk. Called also where {@link #open} failed.
   */
  void abandon();

  /** Closes the open store in order; the disk works. */
  void close();

  /**
   * {@return about how many calls of a phase a life of the store makes; the power is cut in one of
   * them}
   *
   * @param phase the phase
   */
  default int usualCalls(CrashPhase phase) {
    return switch (phase) {
      case WRITE -> 32;
      case SYNC, READ -> 16;
      case RENAME, ALLOCATE -> 4;
      case IDLE -> 1;
      case RECOVERY -> 24;
    };
  }
}
