package io.kvbm.backend.disk.io;

import io.kvbm.api.KvbmException;
import org.jspecify.annotations.Nullable;

/** A request on its way through a ring; used again for later requests. Touched by one thread. */
final class Job {

  /** Where a job is that waits for no deadline. */
  static final int NO_PLACE = -1;

  @Nullable IoRequest request;
  int descriptor;
  boolean direct;
  int alignment;

  /** Bytes given to pieces so far; for a sync 0 or 1. */
  long issued;

  long length;
  int inFlight;
  boolean answered;
  boolean queued;
  @Nullable KvbmException failure;

  int heapPlace = NO_PLACE;
  @Nullable Job previous;
  @Nullable Job next;

  void begin(IoRequest begun, int fileDescriptor) {
    request = begun;
    descriptor = fileDescriptor;
    alignment = begun.file().alignment();
    direct = alignment > 1;
    issued = 0;
    length = begun.kind() == IoRequest.Kind.SYNC ? 1 : begun.memory().byteSize();
    inFlight = 0;
    answered = false;
    queued = false;
    failure = null;
  }

  IoRequest current() {
    IoRequest running = request;
    if (running == null) {
      throw new IllegalStateException("no request runs in this job");
    }
    return running;
  }

  boolean isWrite() {
    return current().kind() != IoRequest.Kind.READ;
  }

  /** {@return whether nothing more is to be handed to the kernel} */
  boolean isIssued() {
    return issued == length || answered || failure != null;
  }
}
