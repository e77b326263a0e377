package io.kvbm.cli.simulate;

import java.util.List;
import java.util.OptionalDouble;

/**
 * How one policy did with one capacity.
 *
 * @param policy its name
 * @param capacity blocks kept, in all tiers
 * @param hits blocks found in prefixes
 * @param hitRatio hits ÷ blocks asked for, 0 where none were
 * @param refsPerSecond blocks asked for ÷ seconds, on one thread, without reading the trace
 * @param tierHits hits by tier, the fastest first
 */
record PolicyScore(
    String policy,
    long capacity,
    long hits,
    double hitRatio,
    long refsPerSecond,
    List<Long> tierHits) {

  /**
   * How much of the way from {@code lru} to {@code min} the policy went, 1 being all of it; empty
   * where one of them was not run with this capacity, or where there is no way to go.
   */
  OptionalDouble gapClosed(List<PolicyScore> all) {
    OptionalDouble lru = hitsOf("lru", all);
    OptionalDouble min = hitsOf(MinPolicy.NAME, all);
    return lru.isEmpty() || min.isEmpty() || min.getAsDouble() <= lru.getAsDouble()
        ? OptionalDouble.empty()
        : OptionalDouble.of((hits - lru.getAsDouble()) / (min.getAsDouble() - lru.getAsDouble()));
  }

  private OptionalDouble hitsOf(String name, List<PolicyScore> all) {
    return all.stream()
        .filter(score -> score.policy.equals(name) && score.capacity == capacity)
        .mapToDouble(PolicyScore::hits)
        .findFirst();
  }
}
