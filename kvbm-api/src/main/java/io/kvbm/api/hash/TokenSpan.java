package io.kvbm.api.hash;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.util.List;

/**
 * The tokens of one block, as a hash scheme sees them. The array is a view of the caller's and must
 * not be changed or kept.
 *
 * @param tokens holds the tokens
 * @param offset the block's first token in the array
 * @param length how many tokens, the block size
 * @param position the block's index in its sequence, from 0
 * @param runs multimodal runs that overlap the block, ordered and apart; their offsets count from
 *     the sequence's start
 */
@Stability(Stability.Level.STABLE)
@SuppressWarnings("ArrayRecordComponent") // a view made for one call, compared by nobody
public record TokenSpan(
    int[] tokens, int offset, int length, int position, List<MultimodalRun> runs) {

  /** Checks the range. */
  public TokenSpan {
    if (offset < 0 || length < 0 || offset > tokens.length - length) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "tokens [%d, %d + %d) leave the array of %d tokens"
              .formatted(offset, offset, length, tokens.length));
    }
    runs = List.copyOf(runs);
  }
}
