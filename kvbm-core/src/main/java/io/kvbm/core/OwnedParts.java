package io.kvbm.core;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import java.util.ArrayDeque;

/**
 * What a manager has to close, the last added first; one that fails does not keep the others open.
 */
final class OwnedParts implements AutoCloseable {

  private final ArrayDeque<AutoCloseable> parts = new ArrayDeque<>();

  synchronized void add(AutoCloseable part) {
    parts.push(part);
  }

  /** Closes everything because of a failure, which keeps what else went wrong. */
  void closeAfter(Throwable failure) {
    try {
      close();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  @Override
  public synchronized void close() {
    RuntimeException first = null;
    while (!parts.isEmpty()) {
      try {
        parts.pop().close();
      } catch (Exception e) {
        RuntimeException failure = e instanceof RuntimeException known ? known : wrap(e);
        if (first == null) {
          first = failure;
        } else {
          first.addSuppressed(failure);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }

  private static RuntimeException wrap(Exception e) {
    return new BackendException(
        ErrorCode.OPERATION_FAILED, "a part could not be closed: " + e.getMessage(), e);
  }
}
