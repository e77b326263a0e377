package io.kvbm.bench.rounds;

import io.kvbm.bench.Invocation;
import io.kvbm.bench.report.BenchCase;
import java.util.ArrayList;
import java.util.List;

/** Rounds so short that they show only that every benchmark runs. */
public final class TinyRounds {

  static {
    // JMH lets one process on a machine measure at a time; here nothing is measured.
    System.setProperty("jmh.ignoreLock", "true");
  }

  private TinyRounds() {}

  /** Runs each comparison in this JVM. */
  public static List<BenchCase> run(List<Comparison> comparisons) {
    return run(comparisons, new RoundSettings(1, 0.001, false));
  }

  static List<BenchCase> run(List<Comparison> comparisons, RoundSettings settings) {
    List<BenchCase> cases = new ArrayList<>();
    Invocation.ofJson(console -> cases.addAll(new Rounds(comparisons, settings).run(console)));
    return cases;
  }
}
