package io.kvbm.backend.remote.ucx;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;

/** Status codes of UCX ({@code ucs_status_t}) as exceptions. */
final class UcxStatus {

  static final int OK = 0;
  static final int IO_ERROR = -3;
  static final int UNREACHABLE = -6;
  static final int BUSY = -15;
  static final int CANCELED = -16;
  static final int TIMED_OUT = -20;

  private static final long LAST_ERROR = -100;

  private static final int REJECTED = -23;
  private static final int CONNECTION_RESET = -25;
  private static final int FIRST_LINK_FAILURE = -40;

  private UcxStatus() {}

  /** {@return whether a request that ended so says that its connection is lost} */
  static boolean isLoss(int status) {
    return status == IO_ERROR
        || status == UNREACHABLE
        || status == CANCELED
        || status == TIMED_OUT
        || (status <= REJECTED && status >= CONNECTION_RESET)
        || status <= FIRST_LINK_FAILURE;
  }

  /** {@return whether a pointer that a call gave is a request} */
  static boolean isRequest(long pointer) {
    return pointer != 0 && !isError(pointer);
  }

  /** {@return whether a pointer that a call gave is an error} */
  static boolean isError(long pointer) {
    return pointer < 0 && pointer >= LAST_ERROR;
  }

  /** {@return the failure of a call} */
  static BackendException failure(String what, int status) {
    return new BackendException(
        ErrorCode.REMOTE,
        "%s: UCX says '%s' (%d)".formatted(what, UcxLibrary.statusText(status), status),
        status,
        null);
  }

  /** {@return that the peer is gone} */
  static KvbmException disconnected(String peer, int status) {
    return new TransientException(
        ErrorCode.DISCONNECTED,
        "%s is gone: connect again".formatted(peer),
        failure("connection lost", status));
  }

  /** Throws the failure of a call, if it failed. */
  static void check(String what, int status) {
    if (status != OK) {
      throw failure(what, status);
    }
  }
}
