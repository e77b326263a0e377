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
 * @param stallNanos after so long a batch counts as stalled: what it uses stays taken until it
 *     drains, but others are started in its place; 0 = never
 * @param maxStalledBatches stalled batches others are started in place of; with more, a route that
 *     is full of them refuses blocks until one drains
 * @param drainNanos how long a close waits for what is in flight before it leaves it behind
 */
public record TransferLimits(
    int maxQueuedBlocks,
    long maxBytesInFlight,
    int maxBatchesInFlight,
    int maxBatchBlocks,
    long bounceByteSize,
    long stallNanos,
    int maxStalledBatches,
    long drainNanos) {

  private static final long SECOND = 1_000_000_000L;

  /**
   * 4096 blocks queued, 256 MiB or 8 batches in flight, 32 blocks in a batch, 8 MiB to bounce;
   * stalled after 5 s, 64 of them, 30 s to drain.
   */
  public static final TransferLimits DEFAULT =
      new TransferLimits(4096, 256L << 20, 8, 32, 8L << 20);

  /**
   * Creates limits with the patience of {@link #DEFAULT}.
   *
   * @param maxQueuedBlocks blocks waiting
   * @param maxBytesInFlight bytes of batches started and not drained
   * @param maxBatchesInFlight batches started and not drained
   * @param maxBatchBlocks blocks of one batch
   * @param bounceByteSize host memory of one batch that goes in two hops
   */
  public TransferLimits(
      int maxQueuedBlocks,
      long maxBytesInFlight,
      int maxBatchesInFlight,
      int maxBatchBlocks,
      long bounceByteSize) {
    this(
        maxQueuedBlocks,
        maxBytesInFlight,
        maxBatchesInFlight,
        maxBatchBlocks,
        bounceByteSize,
        5 * SECOND,
        64,
        30 * SECOND);
  }

  /** Checks the values. */
  public TransferLimits {
    require("maxQueuedBlocks", maxQueuedBlocks, 1);
    require("maxBytesInFlight", maxBytesInFlight, 1);
    require("maxBatchesInFlight", maxBatchesInFlight, 1);
    require("maxBatchBlocks", maxBatchBlocks, 1);
    require("bounceByteSize", bounceByteSize, 2);
    require("stallNanos", stallNanos, 0);
    require("maxStalledBatches", maxStalledBatches, 0);
    require("drainNanos", drainNanos, 0);
  }

  /**
   * {@return these limits with another patience}
   *
   * @param stall after how long a batch counts as stalled, in nanoseconds; 0 = never
   * @param stalledBatches stalled batches others are started in place of
   * @param drain how long a close waits, in nanoseconds
   */
  public TransferLimits withPatience(long stall, int stalledBatches, long drain) {
    return new TransferLimits(
        maxQueuedBlocks,
        maxBytesInFlight,
        maxBatchesInFlight,
        maxBatchBlocks,
        bounceByteSize,
        stall,
        stalledBatches,
        drain);
  }

  private static void require(String name, long value, long min) {
    if (value < min) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG, name + " must be at least " + min + ", got " + value);
    }
  }
}
