package io.kvbm.backend.disk.log;

import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.ConfigKey;
import java.util.List;

/**
 * What a log is like.
 *
 * @param segmentByteSize how long a segment is made; a multiple of {@value
 *     #LEAST_SEGMENT_BYTE_SIZE}
 * @param direct whether to bypass the page cache where the file system can
 * @param prepareAhead whether the next segment is made on another thread before it is needed
 */
public record LogSettings(long segmentByteSize, boolean direct, boolean prepareAhead) {

  /** The directory of logs below that of the backend. */
  public static final String DIRECTORY = "logs";

  /** The shortest segment, in bytes. */
  public static final long LEAST_SEGMENT_BYTE_SIZE = 16 << 10;

  private static final long MOST_SEGMENT_BYTE_SIZE = 1L << 30;
  private static final long DEFAULT_SEGMENT_BYTE_SIZE = 64 << 20;

  /** A record takes at most this part of a segment, so that segments are well filled. */
  private static final int RECORDS_IN_SEGMENT = 4;

  /** The settings of logs. */
  public static final List<ConfigKey> KEYS =
      List.of(
          new ConfigKey(
                  "logSegmentSize",
                  ConfigKey.Type.BYTE_SIZE,
                  "64MiB",
                  "length of a log's segments: reserved and zeroed before they are used")
              .withRange(LEAST_SEGMENT_BYTE_SIZE, MOST_SEGMENT_BYTE_SIZE));

  /** Rounds the length up, so that two groups at least fit into a segment. */
  public LogSettings {
    segmentByteSize =
        Math.ceilDiv(segmentByteSize, LEAST_SEGMENT_BYTE_SIZE) * LEAST_SEGMENT_BYTE_SIZE;
    if (segmentByteSize < LEAST_SEGMENT_BYTE_SIZE || segmentByteSize > MOST_SEGMENT_BYTE_SIZE) {
      throw new IllegalArgumentException("segments of " + segmentByteSize + " bytes");
    }
  }

  /**
   * {@return the settings of a backend}
   *
   * @param config what was configured
   * @param direct whether to bypass the page cache where the file system can
   */
  public static LogSettings of(BackendConfig config, boolean direct) {
    return new LogSettings(
        config.byteSize("logSegmentSize").orElse(DEFAULT_SEGMENT_BYTE_SIZE), direct, true);
  }

  /** {@return the most bytes of a record} */
  long maxRecordByteSize() {
    return segmentByteSize / RECORDS_IN_SEGMENT - Frame.GROUP_BYTE_SIZE - Frame.RECORD_BYTE_SIZE;
  }

  /** {@return how many bytes are gathered at most while others are written} */
  long groupByteSize() {
    return segmentByteSize / RECORDS_IN_SEGMENT;
  }

  /**
   * {@return by how much the numbers given when a process died may exceed the first of the last
   * segment: what fits in it, what was being written and what was gathered}
   */
  static long mostNumbers(long segmentByteSize) {
    return 2 * segmentByteSize / Frame.RECORD_BYTE_SIZE;
  }
}
