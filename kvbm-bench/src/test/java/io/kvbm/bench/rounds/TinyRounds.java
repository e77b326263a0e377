package io.kvbm.bench.rounds;

import io.kvbm.bench.Invocation;
import io.kvbm.bench.report.BenchCase;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Rounds so short that they show only that every benchmark runs. */
public final class TinyRounds {

  static {
    // JMH lets one process on a machine measure at a time; here nothing is measured.
    System.setProperty("jmh.ignoreLock", "true");
  }

  private static final RoundSettings TINY = new RoundSettings(1, 0.001, false);

  private TinyRounds() {}

  /** Runs each comparison in this JVM. */
  public static List<BenchCase> run(List<Comparison> comparisons) {
    return run(comparisons, TINY);
  }

  /**
   * Runs each benchmark of a plan once in this JVM, as the plan has it on the most threads.
   *
   * @param parameters set besides those of the plan
   * @return nanoseconds for an operation, by method
   */
  public static Map<String, Double> runEach(
      List<Comparison> comparisons, Map<String, String> parameters) {
    Map<String, Subject> subjects = new TreeMap<>();
    for (Comparison comparison : comparisons) {
      for (Subject subject : List.of(comparison.ours(), comparison.peer())) {
        subjects.merge(subject.method(), subject, (a, b) -> b.threads() >= a.threads() ? b : a);
      }
    }
    Map<String, Double> nanosPerOp = new TreeMap<>();
    subjects.forEach(
        (method, subject) ->
            nanosPerOp.put(
                method, SubjectRun.measure(with(parameters, subject), TINY).nanosPerOp()));
    return nanosPerOp;
  }

  private static Subject with(Map<String, String> parameters, Subject subject) {
    Map<String, String> all = new TreeMap<>(subject.parameters());
    all.putAll(parameters);
    return new Subject(subject.benchmark(), subject.method(), subject.threads(), all);
  }

  static List<BenchCase> run(List<Comparison> comparisons, RoundSettings settings) {
    List<BenchCase> cases = new ArrayList<>();
    Invocation.ofJson(console -> cases.addAll(new Rounds(comparisons, settings).run(console)));
    return cases;
  }
}
