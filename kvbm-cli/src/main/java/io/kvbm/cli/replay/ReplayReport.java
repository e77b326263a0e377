package io.kvbm.cli.replay;

import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.RouteUse;
import java.util.List;
import java.util.Map;

/**
 * What a replay found.
 *
 * @param trace the trace's name
 * @param requests requests replayed
 * @param blocks blocks they asked for
 * @param hits blocks found, by the tier that served them
 * @param misses blocks that had to be filled
 * @param wrongBlocks blocks that came back with other bytes than they were filled with
 * @param sabotaged blocks changed on purpose
 * @param lost blocks found in a lower tier that could not be brought up
 * @param late blocks that had not come up at the deadline
 * @param avoided blocks that the cost gate did not let come up
 * @param faults what went wrong on purpose
 * @param firstTokens how long requests waited
 * @param routes what was moved
 * @param evictions blocks that left each tier for want of room
 * @param dropped blocks that were lost on their way out of a tier
 * @param warmth what a former run left in the disk tier
 * @param nanos how long the replay took
 */
record ReplayReport(
    String trace,
    int requests,
    long blocks,
    Map<CacheLevel, Long> hits,
    long misses,
    long wrongBlocks,
    int sabotaged,
    long lost,
    long late,
    long avoided,
    FaultReport faults,
    FirstTokens firstTokens,
    List<RouteUse> routes,
    Map<String, Long> evictions,
    Map<String, Long> dropped,
    Warmth warmth,
    long nanos) {

  double seconds() {
    return nanos / 1e9;
  }

  double blocksPerSecond() {
    return blocks / Math.max(1e-9, seconds());
  }

  long hitsOf(CacheLevel level) {
    return hits.getOrDefault(level, 0L);
  }
}
