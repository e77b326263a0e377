package io.kvbm.core.offload;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;

/** What a failed block reports. */
final class Causes {

  private Causes() {}

  /** {@return the error itself where it is one of ours, or one that says what failed where} */
  static KvbmException of(Throwable error, OffloadEdge edge, String what) {
    return error instanceof KvbmException known
        ? known
        : new BackendException(
            ErrorCode.OPERATION_FAILED,
            "offload %s: %s: %s".formatted(edge.route(), what, error),
            error);
  }
}
