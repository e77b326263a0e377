package io.kvbm.core.prefetch;

import java.util.Map;

/**
 * What a prefetcher does and has done. Issued bytes are the sum of used, wasted and unsettled ones.
 *
 * @param issuedBytes bytes loaded
 * @param usedBytes of those, bytes of blocks that were used before they were evicted
 * @param wastedBytes of those, bytes of blocks that were evicted unused, or dropped from watch
 * @param unsettledBytes of those, bytes of blocks that are still waiting for their use
 * @param bytesInFlight bytes reserved for what is being loaded
 * @param operationsInFlight calls of the target under way
 * @param queued prefetches that wait
 * @param paused whether it has stopped itself
 * @param pauses how often it has stopped itself
 * @param outcomes how many prefetches ended in which way
 */
public record PrefetchStatistics(
    long issuedBytes,
    long usedBytes,
    long wastedBytes,
    long unsettledBytes,
    long bytesInFlight,
    int operationsInFlight,
    int queued,
    boolean paused,
    long pauses,
    Map<PrefetchOutcome, Long> outcomes) {
  /** Copies the map. */
  public PrefetchStatistics {
    outcomes = Map.copyOf(outcomes);
  }
}
