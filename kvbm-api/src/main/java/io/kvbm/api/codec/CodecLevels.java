package io.kvbm.api.codec;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;

/**
 * The levels of a codec: a higher one compresses better and takes longer.
 *
 * @param minimum the lowest
 * @param maximum the highest
 * @param standard what a codec uses that was not told a level
 */
@Stability(Stability.Level.PREVIEW)
public record CodecLevels(int minimum, int maximum, int standard) {

  /** Of a codec that has nothing to choose. */
  public static final CodecLevels ONE = new CodecLevels(0, 0, 0);

  /** Checks the order. */
  public CodecLevels {
    if (standard < minimum || standard > maximum) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "standard level %d is not from %d to %d".formatted(standard, minimum, maximum));
    }
  }

  /**
   * Refuses a level out of range.
   *
   * @param codec named in the message
   * @param level the level asked for
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if it is out of range
   */
  public void require(String codec, int level) {
    if (level < minimum || level > maximum) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "codec %s has levels from %d to %d, got %d".formatted(codec, minimum, maximum, level));
    }
  }
}
