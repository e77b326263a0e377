package io.kvbm.core.offload;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;

/** What became of one block that was to be copied. */
public sealed interface OffloadResult {

  /** Why a block was left out. */
  enum Reason {
    /** It was evicted before its turn came. */
    GONE,
    /** The admission policy refused it. */
    NOT_ADMITTED,
    /** The queue was full, and stayed so for as long as the call was to wait. */
    QUEUE_FULL,
    /** The target tier had no block that is empty or could be evicted. */
    NO_ROOM
  }

  /**
   * The target tier has it now, byte for byte.
   *
   * @param byteSize how many bytes were copied
   */
  record Copied(long byteSize) implements OffloadResult {}

  /** The target tier had it already. */
  record Present() implements OffloadResult {}

  /**
   * It was left out; a later call may succeed.
   *
   * @param reason why
   */
  record Skipped(Reason reason) implements OffloadResult {}

  /**
   * It was not copied; the target tier does not have it because of this call. At the end of a
   * close, or where its batch {@linkplain ErrorCode#STALLED stalled}, it may still be in flight.
   *
   * @param cause why
   */
  record Failed(KvbmException cause) implements OffloadResult {}

  /** The call was cancelled, or the offloader closed, before its turn came. */
  record Cancelled() implements OffloadResult {}
}
