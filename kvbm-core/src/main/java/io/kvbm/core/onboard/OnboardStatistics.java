package io.kvbm.core.onboard;

import java.util.HashMap;
import java.util.Map;

/**
 * What an onboarder has done.
 *
 * @param requests sequences asked for
 * @param hits blocks handed out, by the name of the tier they came from
 * @param loadedByteSize bytes that were brought up
 * @param deadlineMisses blocks that had not arrived at their request's deadline
 * @param avoided blocks not loaded, or not waited for any longer, because computing wins
 * @param coalesced blocks that somebody else was loading already
 * @param failed loads that failed, those of corrupt blocks not counted
 * @param corrupt loads that found other bytes than were stored
 * @param late blocks that arrived when nobody waited for them any more
 * @param noRoom loads for which the top tier had no room
 */
public record OnboardStatistics(
    long requests,
    Map<String, Long> hits,
    long loadedByteSize,
    long deadlineMisses,
    long avoided,
    long coalesced,
    long failed,
    long corrupt,
    long late,
    long noRoom) {

  /** Copies the map. */
  public OnboardStatistics {
    hits = Map.copyOf(hits);
  }

  /**
   * {@return these with the blocks of one more place}
   *
   * @param place its name
   * @param blocks handed out
   */
  public OnboardStatistics withHits(String place, long blocks) {
    Map<String, Long> all = new HashMap<>(hits);
    all.merge(place, blocks, Long::sum);
    return new OnboardStatistics(
        requests,
        all,
        loadedByteSize,
        deadlineMisses,
        avoided,
        coalesced,
        failed,
        corrupt,
        late,
        noRoom);
  }
}
