package io.kvbm.core.layout;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.layout.LayoutConfig;

/**
 * The distances between neighbours in a layout without a page table, in bytes. The stride between
 * blocks is padded to the alignment; the regions inside a block follow each other without gaps.
 *
 * @param block from a block to the next
 * @param layer from a layer to the next; 0 where each layer has a storage of its own
 * @param outer from an outer region to the next
 * @param dataByteSize bytes of one storage from the aligned base to the end of the last region
 * @param storagePerLayer whether each layer has a storage of its own
 */
record Strides(long block, long layer, long outer, long dataByteSize, boolean storagePerLayer) {

  static Strides fullyContiguous(LayoutConfig config) {
    long natural = config.blockByteSize();
    long block = alignUp(natural, config.alignment());
    // The last block needs no padding behind it.
    long data = add(config, multiply(config, block, config.numBlocks() - 1L), natural);
    long region = config.regionByteSize();
    return new Strides(block, region * config.outerDim(), region, data, false);
  }

  static Strides outerContiguous(LayoutConfig config) {
    long block = alignUp(config.regionByteSize(), config.alignment());
    long outer = multiply(config, block, config.numBlocks());
    return new Strides(block, 0, outer, multiply(config, outer, config.outerDim()), true);
  }

  static Strides blockContiguous(LayoutConfig config) {
    long region = config.regionByteSize();
    long block = alignUp(region * config.outerDim(), config.alignment());
    return new Strides(block, 0, region, multiply(config, block, config.numBlocks()), true);
  }

  /** {@return bytes to allocate so that the data fits behind a base of any alignment} */
  static long withBasePadding(LayoutConfig config, long dataByteSize) {
    return add(config, dataByteSize, config.alignment() - 1);
  }

  static long alignUp(long value, long alignment) {
    return value + alignment - 1 & -alignment;
  }

  static long multiply(LayoutConfig config, long left, long right) {
    try {
      return Math.multiplyExact(left, right);
    } catch (ArithmeticException e) {
      throw tooLarge(config, e);
    }
  }

  private static long add(LayoutConfig config, long left, long right) {
    try {
      return Math.addExact(left, right);
    } catch (ArithmeticException e) {
      throw tooLarge(config, e);
    }
  }

  private static ConfigurationException tooLarge(LayoutConfig config, ArithmeticException cause) {
    return new ConfigurationException(
        ErrorCode.INVALID_CONFIG,
        "%d blocks of %d bytes at alignment %d exceed 2^63-1 bytes"
            .formatted(config.numBlocks(), config.blockByteSize(), config.alignment()),
        cause);
  }
}
