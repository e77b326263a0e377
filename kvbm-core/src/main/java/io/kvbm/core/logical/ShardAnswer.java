package io.kvbm.core.logical;

import io.kvbm.api.BackendException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.ErrorKind;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.remote.ShardOutcome;
import io.kvbm.api.transfer.BlockOutcome;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * What a worker's answer means.
 *
 * @param shards one outcome per block
 * @param fence why the worker gets no more moves, or null if it does
 * @param isSettled whether the worker touches the slots no more
 */
record ShardAnswer(List<BlockOutcome> shards, @Nullable String fence, boolean isSettled) {

  /**
   * {@return what an answer, or the lack of one, means}
   *
   * @param worker its name, for messages
   * @param count blocks of the move
   */
  static ShardAnswer of(
      String worker, int count, @Nullable ShardOutcome outcome, @Nullable Throwable error) {
    if (error != null) {
      return ofError(worker, count, error);
    }
    if (outcome == null || outcome.blocks().size() != count) {
      return malformed(
          worker,
          count,
          "answered for %d of %d blocks"
              .formatted(outcome == null ? 0 : outcome.blocks().size(), count));
    }
    List<BlockOutcome> shards = new ArrayList<>(count);
    for (BlockOutcome shard : outcome.blocks()) {
      if (shard instanceof BlockOutcome.Done(long byteSize) && byteSize <= 0) {
        return malformed(worker, count, "moved a shard of " + byteSize + " bytes");
      }
      shards.add(
          shard instanceof BlockOutcome.Failed(KvbmException cause)
              ? new BlockOutcome.Failed(named(worker, cause))
              : shard);
    }
    return new ShardAnswer(shards, null, true);
  }

  /** {@return what it means that no answer came in time} */
  static ShardAnswer silent(String worker, int count, long nanos) {
    String text = "did not answer within %d ms".formatted(nanos / 1_000_000);
    return failed(worker, count, ErrorCode.DEADLINE_EXCEEDED, text, false, null);
  }

  private static ShardAnswer malformed(String worker, int count, String text) {
    BlockOutcome failed =
        new BlockOutcome.Failed(
            new BackendException(
                ErrorCode.REMOTE, "worker %s %s; reset it".formatted(worker, text), null));
    return new ShardAnswer(Collections.nCopies(count, failed), text, true);
  }

  private static ShardAnswer ofError(String worker, int count, Throwable error) {
    Throwable cause =
        error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    if (!(cause instanceof KvbmException known)) {
      return failed(worker, count, ErrorCode.STALLED, "failed with " + cause, false, cause);
    }
    return switch (known.code()) {
      case DISCONNECTED, CLOSED, PROGRESS_ENGINE_SHUTDOWN ->
          failed(worker, count, ErrorCode.DISCONNECTED, "is gone: " + message(known), true, known);
      default -> {
        boolean nothingMoved =
            known.kind() == ErrorKind.CALLER
                || known.kind() == ErrorKind.CAPACITY
                || known.kind() == ErrorKind.CONFIGURATION
                || known.code() == ErrorCode.QUEUE_FULL;
        yield nothingMoved
            ? new ShardAnswer(
                Collections.nCopies(count, new BlockOutcome.Failed(named(worker, known))),
                null,
                true)
            : failed(worker, count, known.code(), "failed: " + message(known), false, known);
      }
    };
  }

  private static ShardAnswer failed(
      String worker,
      int count,
      ErrorCode code,
      String text,
      boolean isSettled,
      @Nullable Throwable cause) {
    String message = "worker %s %s; reset it".formatted(worker, text);
    KvbmException failure =
        code.kind() == ErrorKind.TRANSIENT
            ? new TransientException(code, message, cause)
            : new BackendException(ErrorCode.REMOTE, message, cause);
    return new ShardAnswer(
        Collections.nCopies(count, new BlockOutcome.Failed(failure)), text, isSettled);
  }

  /** The same failure, that names the worker; what callers tell apart stays. */
  private static KvbmException named(String worker, KvbmException cause) {
    String message = "worker %s: %s".formatted(worker, message(cause));
    return switch (cause.kind()) {
      case TRANSIENT -> new TransientException(cause.code(), message, cause);
      case CORRUPTION -> new CorruptionException(cause.code(), message, cause);
      default -> new BackendException(ErrorCode.REMOTE, message, cause);
    };
  }

  private static String message(KvbmException cause) {
    return String.valueOf(cause.getMessage());
  }
}
