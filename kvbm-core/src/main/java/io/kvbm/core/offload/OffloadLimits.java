package io.kvbm.core.offload;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;

/**
 * What one edge may hold. A batch that is larger than the limit of bytes alone is made smaller, but
 * has at least one block.
 *
 * @param maxQueuedBlocks blocks waiting, and as many calls waiting for a block that another call
 *     has queued
 * @param maxBatchBlocks blocks of one batch
 * @param maxBytesInFlight bytes of batches started and not drained
 * @param maxBatchesInFlight batches started and not drained
 * @param drainTimeoutNanos how long a close waits for what is in flight
 */
public record OffloadLimits(
    int maxQueuedBlocks,
    int maxBatchBlocks,
    long maxBytesInFlight,
    int maxBatchesInFlight,
    long drainTimeoutNanos) {

  /** 4096 blocks queued, 32 in a batch, 64 MiB or 4 batches in flight, 30 seconds to drain. */
  public static final OffloadLimits DEFAULT =
      new OffloadLimits(4096, 32, 64L << 20, 4, 30_000_000_000L);

  /** Checks that every limit is above zero; the time to drain may be zero. */
  public OffloadLimits {
    require("maxQueuedBlocks", maxQueuedBlocks, 1);
    require("maxBatchBlocks", maxBatchBlocks, 1);
    require("maxBytesInFlight", maxBytesInFlight, 1);
    require("maxBatchesInFlight", maxBatchesInFlight, 1);
    require("drainTimeoutNanos", drainTimeoutNanos, 0);
  }

  private static void require(String name, long value, long min) {
    if (value < min) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG, name + " must be at least " + min + ", got " + value);
    }
  }
}
