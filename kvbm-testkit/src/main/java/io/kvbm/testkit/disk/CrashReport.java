package io.kvbm.testkit.disk;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What {@link CrashRuns} did.
 *
 * @param store the name of the store
 * @param firstSeed the first seed
 * @param seeds how many seeds
 * @param crashes how often the power was cut, by phase
 * @param seconds how long it took
 */
public record CrashReport(
    String store, long firstSeed, long seeds, Map<CrashPhase, Long> crashes, double seconds) {

  /** Copies what may change. */
  public CrashReport {
    crashes = Map.copyOf(crashes);
  }

  /**
   * {@return how often the power was cut in a phase}
   *
   * @param phase the phase
   */
  public long crashes(CrashPhase phase) {
    return crashes.getOrDefault(phase, 0L);
  }

  /** {@return one line} */
  @Override
  public String toString() {
    String phases =
        new EnumMap<>(crashes)
            .entrySet().stream()
                .map(e -> e.getKey().name().toLowerCase(Locale.ROOT) + " " + e.getValue())
                .collect(Collectors.joining(", "));
    return "%s: seeds %d to %d, 0 violations, power cuts: %s; %.1f s"
        .formatted(store, firstSeed, firstSeed + seeds - 1, phases, seconds);
  }
}
