package io.kvbm.bench.rounds;

import io.kvbm.bench.report.BenchCase;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.ProgressBar;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.SequencedSet;
import java.util.stream.IntStream;

/**
 * Measures comparisons. In a round every benchmark runs once, and every peer a second time as a
 * control; ratios are taken within a round only. Every other round goes backwards, so that a
 * machine that slows down favours nobody.
 */
public final class Rounds {

  private final List<Comparison> comparisons;
  private final RoundSettings settings;
  private final SequencedSet<Subject> subjects = new LinkedHashSet<>();
  private final SequencedSet<Subject> peers = new LinkedHashSet<>();
  private final Map<Subject, List<Measurement>> runs = new HashMap<>();
  private final Map<Subject, List<Measurement>> controls = new HashMap<>();

  /**
   * Plans a measurement.
   *
   * @param comparisons what to compare; one benchmark may be in several and runs once a round all
   *     the same
   * @param settings how long and how often
   */
  public Rounds(List<Comparison> comparisons, RoundSettings settings) {
    this.comparisons = List.copyOf(comparisons);
    this.settings = settings;
    for (Comparison comparison : comparisons) {
      subjects.add(comparison.ours());
      subjects.add(comparison.peer());
      peers.add(comparison.peer());
    }
  }

  /**
   * Measures; this takes rounds × benchmarks × twice the seconds and the start of a JVM each.
   *
   * @param console shows the progress
   * @return one case for each comparison, in their order
   */
  public List<BenchCase> run(Console console) {
    long steps = (long) settings.rounds() * (subjects.size() + peers.size());
    try (ProgressBar bar = console.progress("measuring", "runs", steps)) {
      for (int round = 0; round < settings.rounds(); round++) {
        boolean forwards = round % 2 == 0;
        measure(forwards ? subjects : subjects.reversed(), runs, bar);
        measure(forwards ? peers : peers.reversed(), controls, bar);
      }
    }
    return comparisons.stream().map(this::summarize).toList();
  }

  private void measure(
      SequencedSet<Subject> order, Map<Subject, List<Measurement>> into, ProgressBar bar) {
    for (Subject subject : order) {
      into.computeIfAbsent(subject, key -> new ArrayList<>())
          .add(SubjectRun.measure(subject, settings));
      bar.advance(1);
    }
  }

  private BenchCase summarize(Comparison comparison) {
    List<Measurement> ours = Objects.requireNonNull(runs.get(comparison.ours()));
    List<Measurement> peer = Objects.requireNonNull(runs.get(comparison.peer()));
    List<Measurement> control = Objects.requireNonNull(controls.get(comparison.peer()));
    return new BenchCase(
        comparison.name(),
        Measurement.figures(ours),
        comparison.peerName(),
        Measurement.figures(peer),
        ratios(ours, peer),
        OptionalDouble.of(BenchCase.median(ratios(control, peer))));
  }

  private static double[] ratios(List<Measurement> ours, List<Measurement> peer) {
    return IntStream.range(0, ours.size())
        .mapToDouble(i -> ours.get(i).opsPerSecond() / peer.get(i).opsPerSecond())
        .toArray();
  }
}
