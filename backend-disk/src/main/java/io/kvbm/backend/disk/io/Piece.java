package io.kvbm.backend.disk.io;

import org.jspecify.annotations.Nullable;

/** One operation in the kernel: a part of a job, in a slot that is used again and again. */
final class Piece {

  private static final long GENERATION_SHIFT = 32;

  final int index;
  @Nullable Job job;
  long position;
  long address;
  int length;
  int retries;
  boolean write;
  private int generation;

  /** In the list of free slots, or of those in the kernel. */
  @Nullable Piece next;

  Piece(int index) {
    this.index = index;
  }

  /** Starts another use, so that a cancellation of the last one cannot hit this one. */
  void begin(Job owner) {
    job = owner;
    retries = 0;
    generation = (generation + 1) & Integer.MAX_VALUE;
  }

  long userData() {
    return ((long) generation << GENERATION_SHIFT) | index;
  }

  static int indexOf(long userData) {
    return (int) userData;
  }

  Job owner() {
    Job running = job;
    if (running == null) {
      throw new IllegalStateException("a free slot has no job");
    }
    return running;
  }
}
