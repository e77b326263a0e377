package io.kvbm.core.transfer;

import java.util.Objects;

/**
 * How a transfer is treated.
 *
 * @param priority higher starts first along a route; among equals the older does
 * @param deadlineNanos when blocks not yet started fail, on the engine's clock; 0 = never
 * @param layers which layers to move; anything but all of them only from layout to layout
 */
public record TransferOptions(long priority, long deadlineNanos, LayerRange layers) {

  /** Priority 0, no deadline, all layers. */
  public static final TransferOptions DEFAULT = new TransferOptions(0, 0, LayerRange.ALL);

  /** Checks that there are layers. */
  public TransferOptions {
    Objects.requireNonNull(layers, "layers");
  }

  /**
   * {@return these options with another priority}
   *
   * @param value higher starts first
   */
  public TransferOptions withPriority(long value) {
    return new TransferOptions(value, deadlineNanos, layers);
  }

  /**
   * {@return these options with another deadline}
   *
   * @param value on the engine's clock; 0 = none
   */
  public TransferOptions withDeadlineNanos(long value) {
    return new TransferOptions(priority, value, layers);
  }

  /**
   * {@return these options with other layers}
   *
   * @param value which to move
   */
  public TransferOptions withLayers(LayerRange value) {
    return new TransferOptions(priority, deadlineNanos, value);
  }
}
