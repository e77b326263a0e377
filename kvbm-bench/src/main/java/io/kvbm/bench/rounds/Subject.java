package io.kvbm.bench.rounds;

import java.util.Map;
import java.util.TreeMap;

/**
 * A JMH benchmark under certain conditions.
 *
 * @param benchmark the class that holds it
 * @param method its name
 * @param threads how many threads run it
 * @param parameters values of the {@code @Param} fields it uses
 */
public record Subject(
    Class<?> benchmark, String method, int threads, Map<String, String> parameters) {

  /** Copies the parameters, in the order of their names. */
  public Subject {
    parameters = new TreeMap<>(parameters);
  }

  /**
   * {@return a benchmark without parameters on one thread}
   *
   * @param benchmark the class that holds it
   * @param method its name
   */
  public static Subject of(Class<?> benchmark, String method) {
    return new Subject(benchmark, method, 1, Map.of());
  }

  /** {@return what JMH calls it} */
  String jmhName() {
    return benchmark.getCanonicalName() + "." + method;
  }
}
