package io.kvbm.api.remote;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.time.Duration;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Copies blocks between two sets of one worker. The leader owns the slots; the worker owns the
 * bytes.
 *
 * @param source the block set to read, from 0
 * @param sourceSlots which slots; 1 to {@value #MAX_BLOCKS}; not copied: nobody changes it any more
 * @param target the block set to write, from 0
 * @param targetSlots as many slots; not copied
 * @param timeout how long it may take; above 0
 */
@Stability(Stability.Level.PREVIEW)
@SuppressWarnings("ArrayRecordComponent") // not compared
public record ShardMove(
    int source, int[] sourceSlots, int target, int[] targetSlots, Duration timeout) {

  /** The most blocks of one move. */
  public static final int MAX_BLOCKS = 65_536;

  /** Checks the values. */
  public ShardMove {
    Objects.requireNonNull(timeout, "timeout");
    if (sourceSlots.length == 0
        || sourceSlots.length > MAX_BLOCKS
        || sourceSlots.length != targetSlots.length) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "a move takes 1 to %d slots to as many, got %d and %d"
              .formatted(MAX_BLOCKS, sourceSlots.length, targetSlots.length));
    }
    if (IntStream.concat(IntStream.of(sourceSlots), IntStream.of(targetSlots))
            .anyMatch(slot -> slot < 0)
        || source < 0
        || target < 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "sets and slots of a move count from 0");
    }
    if (timeout.isNegative() || timeout.isZero()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "a move needs a time above 0, got " + timeout);
    }
  }
}
