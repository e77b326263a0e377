package io.kvbm.testkit.disk;

import java.util.Arrays;
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
 * @param cpuSeconds how much time of a processor the stories took, all threads together
 */
public record CrashReport(
    String store,
    long firstSeed,
    long seeds,
    Map<CrashPhase, Long> crashes,
    double seconds,
    double cpuSeconds) {

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

  /**
   * {@return this report and another one added up, as if one run had told both}
   *
   * @param name the name of both
   * @param other the other one
   */
  public CrashReport plus(String name, CrashReport other) {
    Map<CrashPhase, Long> sum = new EnumMap<>(CrashPhase.class);
    for (CrashPhase phase : CrashPhase.values()) {
      sum.put(phase, crashes(phase) + other.crashes(phase));
    }
    return new CrashReport(
        name,
        Math.min(firstSeed, other.firstSeed),
        seeds + other.seeds,
        sum,
        seconds + other.seconds,
        cpuSeconds + other.cpuSeconds);
  }

  /** {@return one line} */
  @Override
  public String toString() {
    String phases =
        Arrays.stream(CrashPhase.values())
            .map(phase -> phase.name().toLowerCase(Locale.ROOT) + " " + crashes(phase))
            .collect(Collectors.joining(", "));
    return String.format(
        Locale.ROOT,
        "%s: %d seeds from %d on, 0 violations, power cuts: %s; %.1f s, %.2f ms of CPU a seed",
        store,
        seeds,
        firstSeed,
        phases,
        seconds,
        1e3 * cpuSeconds / Math.max(1, seeds));
  }
}
