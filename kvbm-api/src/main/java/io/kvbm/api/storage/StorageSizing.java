package io.kvbm.api.storage;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;

/** How many bytes a set of KV blocks needs. */
@Stability(Stability.Level.STABLE)
public final class StorageSizing {

  private StorageSizing() {}

  /**
   * Bytes of {@code numBlocks} blocks at alignment 1: layers × outer × page × inner × element ×
   * blocks. For instance (32, 2, 16, 4096, 2) × 1000 = 8,388,608,000. It equals what a fully
   * contiguous layout allocates at alignment 1.
   *
   * @param numLayers layers
   * @param outerDim 2 where K and V are kept apart, else 1
   * @param pageSize tokens in a block
   * @param innerDim elements of one token in one layer
   * @param elementByteSize bytes of one element
   * @param numBlocks blocks
   * @return bytes
   * @throws ConfigurationException with {@link ErrorCode#INVALID_CONFIG} if a factor is negative or
   *     the product leaves 63 bits
   */
  public static long requiredBytes(
      long numLayers,
      long outerDim,
      long pageSize,
      long innerDim,
      long elementByteSize,
      long numBlocks) {
    long product = 1;
    for (long factor :
        new long[] {numLayers, outerDim, pageSize, innerDim, elementByteSize, numBlocks}) {
      if (factor < 0) {
        throw new ConfigurationException(
            ErrorCode.INVALID_CONFIG, "a storage dimension is negative: " + factor);
      }
      try {
        product = Math.multiplyExact(product, factor);
      } catch (ArithmeticException e) {
        throw new ConfigurationException(
            ErrorCode.INVALID_CONFIG,
            "%d layers x %d outer x %d tokens x %d inner x %d bytes x %d blocks exceeds 2^63-1 bytes"
                .formatted(numLayers, outerDim, pageSize, innerDim, elementByteSize, numBlocks),
            e);
      }
    }
    return product;
  }
}
