package io.kvbm.core.prefetch;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;

/**
 * How a {@link Prefetcher} works.
 *
 * @param blockByteSize bytes a block takes, reserved for it while it is loaded, at least 1
 * @param maxBytesInFlight at most so many are being loaded, at least {@code blockByteSize}
 * @param maxOperationsInFlight at most so many calls of the target are under way, at least 1
 * @param maxBlocksPerOperation at most so many blocks go into one call, at least 1
 * @param maxQueued at most so many prefetches wait, at least 1
 * @param maxTrackedBlocks so many loaded blocks are watched for use at most; beyond, the oldest
 *     counts as wasted; at least 1
 * @param maxLoad at this load and above nothing is prefetched, above 0
 * @param minProbability a predicted turn less likely than this is left alone, 0 to 1
 * @param wasteLimit prefetching stops where more than this share of the bytes was wasted, 0 to 1
 * @param sampleByteSize after so many bytes were used or wasted the share is judged, at least
 *     {@code blockByteSize}; half as many are loaded to try again
 * @param pauseNanos how long it stops the first time, at least 1; twice as long each time it fails
 *     again
 * @param maxPauseNanos how long it stops at most, at least {@code pauseNanos}
 */
public record PrefetchConfig(
    long blockByteSize,
    long maxBytesInFlight,
    int maxOperationsInFlight,
    int maxBlocksPerOperation,
    int maxQueued,
    int maxTrackedBlocks,
    double maxLoad,
    double minProbability,
    double wasteLimit,
    long sampleByteSize,
    long pauseNanos,
    long maxPauseNanos) {

  /** Checks the values. */
  public PrefetchConfig {
    requireAtLeast("blockByteSize", blockByteSize, 1);
    requireAtLeast("maxBytesInFlight", maxBytesInFlight, blockByteSize);
    requireAtLeast("maxOperationsInFlight", maxOperationsInFlight, 1);
    requireAtLeast("maxBlocksPerOperation", maxBlocksPerOperation, 1);
    requireAtLeast("maxQueued", maxQueued, 1);
    requireAtLeast("maxTrackedBlocks", maxTrackedBlocks, 1);
    requireShare("minProbability", minProbability);
    requireShare("wasteLimit", wasteLimit);
    if (!(maxLoad > 0)) { // so that what is no number is refused, too
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG, "maxLoad is %s: it must be above 0".formatted(maxLoad));
    }
    requireAtLeast("sampleByteSize", sampleByteSize, blockByteSize);
    requireAtLeast("pauseNanos", pauseNanos, 1);
    requireAtLeast("maxPauseNanos", maxPauseNanos, pauseNanos);
  }

  /**
   * {@return 64 MiB or 8 blocks in flight, 4 operations of 32 blocks, stopped for 30 s to 15 min
   * where more than half of 256 blocks was wasted}
   *
   * @param blockByteSize bytes a block takes
   */
  public static PrefetchConfig of(long blockByteSize) {
    return new PrefetchConfig(
        blockByteSize,
        Math.max(64L << 20, 8 * blockByteSize),
        4,
        32,
        256,
        65_536,
        0.8,
        0.5,
        0.5,
        256 * blockByteSize,
        30_000_000_000L,
        900_000_000_000L);
  }

  private static void requireAtLeast(String name, long value, long least) {
    if (value < least) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "%s is %d: it must be at least %d".formatted(name, value, least));
    }
  }

  private static void requireShare(String name, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG, "%s is %s: it must be 0 to 1".formatted(name, value));
    }
  }
}
