package io.kvbm.core.transfer;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;

/**
 * Which layers of a block to move.
 *
 * @param first the first layer, from 0
 * @param end the layer after the last; {@link Integer#MAX_VALUE} means to the last one there is
 */
public record LayerRange(int first, int end) {

  /** Every layer. */
  public static final LayerRange ALL = new LayerRange(0, Integer.MAX_VALUE);

  /** Checks that there is at least one layer. */
  public LayerRange {
    if (first < 0 || end <= first) {
      throw new CallerException(
          ErrorCode.INVALID_LAYER_INDEX, "layers [" + first + ", " + end + ") are no range");
    }
  }

  /**
   * {@return one layer}
   *
   * @param layer which, from 0
   */
  public static LayerRange of(int layer) {
    return new LayerRange(layer, layer + 1);
  }

  /** {@return whether these are all layers of a block with so many} */
  boolean isAllOf(int numLayers) {
    return first == 0 && (end == numLayers || end == Integer.MAX_VALUE);
  }

  /** {@return how many layers of a block with {@code numLayers} these are} */
  int countIn(int numLayers) {
    return Math.min(end, numLayers) - first;
  }

  void requireWithin(int numLayers) {
    if (first >= numLayers || end > numLayers && end != Integer.MAX_VALUE) {
      throw new CallerException(
          ErrorCode.INVALID_LAYER_INDEX,
          "layers [%d, %d) of blocks that have %d".formatted(first, end, numLayers));
    }
  }
}
