package io.kvbm.backend.disk.io;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.backend.disk.file.Pages;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Runs a request through the methods of its file, and tells callbacks safely. */
final class RequestRun {

  /** The most bytes one call moves, so that a deadline between two calls is not far. */
  private static final long MAX_TRANSFER = 4L << 20;

  private static final System.Logger LOGGER = System.getLogger(RequestRun.class.getName());

  private RequestRun() {}

  /** {@return why the request failed, or null where every byte moved} */
  static @Nullable KvbmException failureOf(IoRequest request) {
    try {
      switch (request.kind()) {
        case READ -> read(request.file(), request.position(), request.memory());
        case WRITE -> write(request.file(), request.position(), request.memory());
        case SYNC -> request.file().sync(false);
      }
      return null;
    } catch (KvbmException e) {
      return e;
    } catch (RuntimeException e) {
      return new BackendException(
          ErrorCode.OPERATION_FAILED, "cannot use " + request.file().path() + ": " + e, e);
    }
  }

  private static void read(DiskFile file, long position, MemorySegment target) {
    int page = file.alignment();
    long done = 0;
    while (done < target.byteSize()) {
      long count = Math.min(MAX_TRANSFER, target.byteSize() - done);
      long moved = Pages.down(file.read(position + done, target.asSlice(done, count)), page);
      if (moved <= 0) {
        throw endOfFile(file, position, done, target.byteSize());
      }
      done += moved;
    }
  }

  private static void write(DiskFile file, long position, MemorySegment source) {
    int page = file.alignment();
    long done = 0;
    while (done < source.byteSize()) {
      long count = Math.min(MAX_TRANSFER, source.byteSize() - done);
      long moved = Pages.down(file.write(position + done, source.asSlice(done, count)), page);
      if (moved <= 0) {
        throw noProgress(file, position + done);
      }
      done += moved;
    }
  }

  /**
   * {@return the failure of a read behind the end of a file}
   *
   * @param file the file
   * @param position the first byte that was wanted
   * @param found how many whole pages' bytes there were
   * @param wanted how many were wanted
   */
  public static CallerException endOfFile(DiskFile file, long position, long found, long wanted) {
    return new CallerException(
        ErrorCode.OUT_OF_BOUNDS,
        "%s ends before byte %d: wanted bytes [%d, %d), found %d"
            .formatted(file.path(), position + wanted, position, position + wanted, found));
  }

  /** {@return the failure of a write that wrote nothing, or less than a page} */
  public static BackendException noProgress(DiskFile file, long position) {
    return new BackendException(
        ErrorCode.OPERATION_FAILED,
        "a write to %s at %d moved less than %d bytes"
            .formatted(file.path(), position, file.alignment()),
        null);
  }

  /** {@return the failure of a request whose deadline passed} */
  public static TransientException timeout(IoRequest request) {
    return new TransientException(
        ErrorCode.DEADLINE_EXCEEDED,
        "%s of %d bytes at %d of %s was not done by its deadline; retry, or look at the device"
            .formatted(
                request.kind() == IoRequest.Kind.SYNC
                    ? "sync"
                    : request.kind().name().toLowerCase(java.util.Locale.ROOT),
                request.memory().byteSize(),
                request.position(),
                request.file().path()));
  }

  /** Tells a callback the answer; what it throws is logged, for it must not stop other requests. */
  public static void answer(IoRequest request, @Nullable KvbmException failure) {
    try {
      request.callback().completed(request, failure);
    } catch (RuntimeException | Error e) {
      LOGGER.log(System.Logger.Level.ERROR, "a callback of the disk engine failed", e);
    }
  }

  /** Tells a callback that the request is over. */
  public static void release(IoRequest request) {
    try {
      request.callback().released(request);
    } catch (RuntimeException | Error e) {
      LOGGER.log(System.Logger.Level.ERROR, "a callback of the disk engine failed", e);
    }
  }
}
