package io.kvbm.core.transfer;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;

/**
 * What one route may hold. A transfer or batch that is larger than a limit alone is let through
 * when nothing else is there, so that it can be done at all.
 *
 * @param maxQueuedBlocks blocks waiting; a submit waits where there would be more
 * @param maxBytesInFlight bytes of batches started and not drained
 * @param maxBatchesInFlight batches started and not drained
 * @param maxBatchBlocks blocks of one batch; a larger transfer becomes several
 * @param bounceByteSize host memory of one batch that goes in two hops: two halves, each of at
 *     least one block
 */
public record TransferLimits(
    int maxQueuedBlocks,
    long maxBytesInFlight,
    int maxBatchesInFlight,
    int maxBatchBlocks,
    long bounceByteSize) {

  /** 4096 blocks queued, 256 MiB or 8 batches in flight, 32 blocks in a batch, 8 MiB to bounce. */
  public static final TransferLimits DEFAULT =
      new TransferLimits(4096, 256L << 20, 8, 32, 8L << 20);

  /** Checks that every limit is above zero. */
  public TransferLimits {
    require("maxQueuedBlocks", maxQueuedBlocks, 1);
    require("maxBytesInFlight", maxBytesInFlight, 1);
    require("maxBatchesInFlight", maxBatchesInFlight, 1);
    require("maxBatchBlocks", maxBatchBlocks, 1);
    require("bounceByteSize", bounceByteSize, 2);
  }

  private static void require(String name, long value, long min) {
    if (value < min) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG, name + " must be at least " + min + ", got " + value);
    }
  }
}
