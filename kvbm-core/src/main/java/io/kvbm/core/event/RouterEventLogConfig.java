package io.kvbm.core.event;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;

/**
 * How a {@link RouterEventLog} works.
 *
 * @param blockSize tokens in a block, at least 1
 * @param maxEvents so many events are kept at most, at least 1
 * @param maxBlocks so many blocks are named by the events kept at most, at least {@code
 *     maxBlocksPerEvent}
 * @param maxBlocksPerEvent so many blocks go into one event at most, at least 1
 */
public record RouterEventLogConfig(
    int blockSize, int maxEvents, int maxBlocks, int maxBlocksPerEvent) {

  /** Checks the values. */
  public RouterEventLogConfig {
    requireAtLeast("blockSize", blockSize, 1);
    requireAtLeast("maxEvents", maxEvents, 1);
    requireAtLeast("maxBlocksPerEvent", maxBlocksPerEvent, 1);
    requireAtLeast("maxBlocks", maxBlocks, maxBlocksPerEvent);
  }

  /**
   * {@return 16384 events kept, which name 262144 blocks, 256 in one event}
   *
   * @param blockSize tokens in a block
   */
  public static RouterEventLogConfig of(int blockSize) {
    return new RouterEventLogConfig(blockSize, 16_384, 262_144, 256);
  }

  private static void requireAtLeast(String name, int value, int least) {
    if (value < least) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "%s is %d: it must be at least %d".formatted(name, value, least));
    }
  }
}
