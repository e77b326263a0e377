package io.kvbm.core.remote;

import java.util.Map;

/**
 * What a manager has shared.
 *
 * @param fetches fetches that were begun
 * @param fetchedBlocks blocks that came from peers
 * @param fetchedByteSize their bytes
 * @param lentBlocks blocks that were lent to peers
 * @param lentNow blocks lent now
 * @param unpublished changes that were not announced because too many waited
 * @param failures what ended as a miss, by what it was and its cause, such as {@code fetch corrupt}
 */
public record SharingStatistics(
    long fetches,
    long fetchedBlocks,
    long fetchedByteSize,
    long lentBlocks,
    int lentNow,
    long unpublished,
    Map<String, Long> failures) {
  /** Copies the map. */
  public SharingStatistics {
    failures = Map.copyOf(failures);
  }

  /**
   * {@return how often something ended as a miss}
   *
   * @param what and its cause
   */
  public long failed(String what) {
    return failures.getOrDefault(what, 0L);
  }
}
