package io.kvbm.backend.disk.io;

import io.kvbm.api.disk.DiskFile;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * One operation on a file. Moves all bytes or fails: short transfers are continued, the end of the
 * file is a failure.
 *
 * @param kind what to do
 * @param file the open file; stays open until the request is released
 * @param position the first byte; 0 for a sync
 * @param memory off-heap bytes to fill or to write, aligned as the file demands; empty for a sync
 * @param deadlineNanos when to answer at the latest, as {@link System#nanoTime()}; {@link
 *     #NO_DEADLINE} for never
 * @param callback told once
 */
public record IoRequest(
    Kind kind,
    DiskFile file,
    long position,
    MemorySegment memory,
    long deadlineNanos,
    IoCallback callback) {

  /** Waits as long as it takes. */
  public static final long NO_DEADLINE = Long.MAX_VALUE;

  /** What to do. */
  public enum Kind {
    /** Fill the memory. */
    READ,
    /** Write the memory. */
    WRITE,
    /** Make what was written durable, without metadata that reading does not need (fdatasync). */
    SYNC
  }

  /** Checks that nothing is missing. */
  public IoRequest {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(file, "file");
    Objects.requireNonNull(memory, "memory");
    Objects.requireNonNull(callback, "callback");
  }

  /** {@return a read without a deadline} */
  public static IoRequest read(
      DiskFile file, long position, MemorySegment target, IoCallback callback) {
    return new IoRequest(Kind.READ, file, position, target, NO_DEADLINE, callback);
  }

  /** {@return a write without a deadline} */
  public static IoRequest write(
      DiskFile file, long position, MemorySegment source, IoCallback callback) {
    return new IoRequest(Kind.WRITE, file, position, source, NO_DEADLINE, callback);
  }

  /** {@return a sync without a deadline} */
  public static IoRequest sync(DiskFile file, IoCallback callback) {
    return new IoRequest(Kind.SYNC, file, 0, MemorySegment.NULL, NO_DEADLINE, callback);
  }

  /** {@return this request, to be answered by then} */
  public IoRequest withDeadline(long nanoTime) {
    return new IoRequest(kind, file, position, memory, nanoTime, callback);
  }
}
