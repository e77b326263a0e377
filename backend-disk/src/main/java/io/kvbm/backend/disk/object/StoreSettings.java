package io.kvbm.backend.disk.object;

import java.util.EnumSet;
import java.util.Set;

/**
 * How a store works, in bytes and counts.
 *
 * @param direct whether to bypass the page cache where that works
 * @param segmentByteSize length of a file of the log
 * @param fileByteSize values of at least so many bytes get a file of their own
 * @param codec number of the codec for new values, see {@link Codecs}
 * @param cacheByteSize for hot values; 0 for none
 * @param prefetchByteSize how far to read ahead of a sequential reader; 0 for not at all
 * @param maxInFlightByteSize of values being put
 * @param maxLogByteSize of the files of the log
 * @param maxValueByteSize of one value
 * @param maxKeys how many objects there may be
 * @param maxOpenFiles open for reading at once
 * @param checkpointByteSize of log after which the index is written down
 * @param without safeguards a test takes away
 */
public record StoreSettings(
    boolean direct,
    long segmentByteSize,
    long fileByteSize,
    int codec,
    long cacheByteSize,
    long prefetchByteSize,
    long maxInFlightByteSize,
    long maxLogByteSize,
    long maxValueByteSize,
    long maxKeys,
    int maxOpenFiles,
    long checkpointByteSize,
    Set<Safeguard> without) {

  /** What suits a machine with a disk: segments of 64 MiB, no cache, no codec. */
  public static final StoreSettings DEFAULT =
      new StoreSettings(
          true,
          64L << 20,
          8L << 20,
          0,
          0,
          0,
          1L << 30,
          Long.MAX_VALUE,
          1L << 40,
          1L << 31,
          32,
          256L << 20,
          EnumSet.noneOf(Safeguard.class));

  /** {@return the most bytes one record takes} */
  long recordByteSize() {
    return Math.min(segmentByteSize - Format.PAGE, 2 * fileByteSize);
  }
}
