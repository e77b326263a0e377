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
 * @param stallNanos after so long a batch counts as stalled: its blocks fail, what it uses stays
 *     taken until it drains, but others are started in its place, up to an eighth of either tier; 0
 *     = never
 * @param drainTimeoutNanos how long a close waits for what is in flight
 */
public record OffloadLimits(
    int maxQueuedBlocks,
    int maxBatchBlocks,
    long maxBytesInFlight,
    int maxBatchesInFlight,
    long stallNanos,
    long drainTimeoutNanos) {

  private static final long SECOND = 1_000_000_000L;

  /**
   * 4096 blocks queued, 32 in a batch, 64 MiB or 4 batches in flight; stalled after 5 seconds, 30
   * seconds to drain.
   */
  public static final OffloadLimits DEFAULT =
      new OffloadLimits(4096, 32, 64L << 20, 4, 5 * SECOND, 30 * SECOND);

  /** Checks that every limit is above zero; the times may be zero. */
  public OffloadLimits {
    require("maxQueuedBlocks", maxQueuedBlocks, 1);
    require("maxBatchBlocks", maxBatchBlocks, 1);
    require("maxBytesInFlight", maxBytesInFlight, 1);
    require("maxBatchesInFlight", maxBatchesInFlight, 1);
    require("stallNanos", stallNanos, 0);
    require("drainTimeoutNanos", drainTimeoutNanos, 0);
  }

  /**
   * {@return these limits with another time to stall}
   *
   * @param value after how long a batch counts as stalled, in nanoseconds; 0 = never
   */
  public OffloadLimits withStallNanos(long value) {
    return new OffloadLimits(
        maxQueuedBlocks,
        maxBatchBlocks,
        maxBytesInFlight,
        maxBatchesInFlight,
        value,
        drainTimeoutNanos);
  }

  private static void require(String name, long value, long min) {
    if (value < min) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG, name + " must be at least " + min + ", got " + value);
    }
  }
}
