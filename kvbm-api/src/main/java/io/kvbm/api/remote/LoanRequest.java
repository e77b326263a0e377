package io.kvbm.api.remote;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.api.block.BlockKey;
import java.time.Duration;
import java.util.List;

/**
 * Asks for blocks of a peer.
 *
 * @param fingerprint hash scheme, model and layout of the blocks wanted; a peer of another one has
 *     none of them
 * @param keys blocks of one sequence, in order, 1 to {@value #MAX_KEYS}
 * @param timeout how long the answer may take; above 0
 */
@Stability(Stability.Level.PREVIEW)
public record LoanRequest(long fingerprint, List<BlockKey> keys, Duration timeout) {

  /** The most blocks of one request. */
  public static final int MAX_KEYS = 65_536;

  /** Checks the values and copies the list. */
  public LoanRequest {
    keys = List.copyOf(keys);
    if (keys.isEmpty() || keys.size() > MAX_KEYS) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "a loan is of 1 to %d blocks, got %d".formatted(MAX_KEYS, keys.size()));
    }
    if (timeout.isNegative() || timeout.isZero()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "a loan needs a time above 0, got " + timeout);
    }
  }
}
