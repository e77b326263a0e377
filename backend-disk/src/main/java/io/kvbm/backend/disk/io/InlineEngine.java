package io.kvbm.backend.disk.io;

import io.kvbm.api.BackendException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import java.util.List;

/**
 * Runs each request at once, on the submitting thread and in order: for simulated disks, where the
 * same seed must give the same run.
 */
public final class InlineEngine implements IoEngine {

  private volatile boolean closed;

  /** Creates an engine; it holds nothing. */
  public InlineEngine() {}

  @Override
  public String name() {
    return "inline";
  }

  @Override
  public int depth() {
    return 1;
  }

  @Override
  public void submit(List<IoRequest> batch) {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, "the disk engine is closed");
    }
    for (IoRequest request : batch) {
      perform(request);
    }
  }

  /** Runs one request on this thread and tells its callback. */
  static void perform(IoRequest request) {
    KvbmException failure = null;
    try {
      switch (request.kind()) {
        case READ -> request.file().readFully(request.position(), request.memory());
        case WRITE -> request.file().writeFully(request.position(), request.memory());
        case SYNC -> request.file().sync(false);
      }
    } catch (KvbmException e) {
      failure = e;
    } catch (RuntimeException e) {
      failure =
          new BackendException(
              ErrorCode.OPERATION_FAILED, "cannot use " + request.file().path() + ": " + e, e);
    }
    try {
      request.callback().completed(request, failure);
    } finally {
      request.callback().released(request);
    }
  }

  @Override
  public void close() {
    closed = true;
  }
}
