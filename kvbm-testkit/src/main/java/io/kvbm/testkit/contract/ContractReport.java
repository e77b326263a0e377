package io.kvbm.testkit.contract;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Counts how the tests of each backend ended and writes it to {@code <directory>/<backend>.txt}
 * when the run ends. Threading: safe from any thread.
 */
final class ContractReport implements AutoCloseable {

  /** How a test ended. */
  enum Outcome {
    PASSED("passed"),
    REFUSED("refused as specified"),
    OPTED_OUT("opted out"),
    SKIPPED("skipped"),
    FAILED("failed");

    private final String words;

    Outcome(String words) {
      this.words = words;
    }
  }

  /** The tests of one contract of one suite. */
  private static final class Counts {
    private final Map<Outcome, Integer> counts = new EnumMap<>(Outcome.class);
    private final List<String> details = new ArrayList<>();

    @Override
    public String toString() {
      return counts.entrySet().stream()
          .map(count -> count.getValue() + " " + count.getKey().words)
          .collect(Collectors.joining(", "));
    }
  }

  private final Path directory;
  private final Map<String, Map<String, Map<String, Counts>>> backends = new TreeMap<>();

  ContractReport(Path directory) {
    this.directory = directory;
  }

  /** Counts one test; a detail is kept for what did not simply pass. */
  synchronized void add(
      String backend, String suite, String contract, String test, Outcome outcome, String reason) {
    Counts counts =
        backends
            .computeIfAbsent(backend, _ -> new TreeMap<>())
            .computeIfAbsent(suite, _ -> new TreeMap<>())
            .computeIfAbsent(contract, _ -> new Counts());
    counts.counts.merge(outcome, 1, Integer::sum);
    if (outcome != Outcome.PASSED) {
      counts.details.add("%s: %s: %s".formatted(test, outcome.words, reason));
    }
  }

  /** {@return what has been counted of one contract of one suite, in one line} */
  synchronized String summary(String backend, String suite, String contract) {
    return String.valueOf(
        backends.getOrDefault(backend, Map.of()).getOrDefault(suite, Map.of()).get(contract));
  }

  @Override
  public synchronized void close() {
    try {
      Files.createDirectories(directory);
      for (var backend : backends.entrySet()) {
        Files.writeString(
            directory.resolve(backend.getKey() + ".txt"),
            text(backend.getKey(), backend.getValue()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the report to " + directory, e);
    }
  }

  private static String text(String backend, Map<String, Map<String, Counts>> suites) {
    StringBuilder text = new StringBuilder("Contracts of backend " + backend + "\n");
    Map<Outcome, Integer> total = new EnumMap<>(Outcome.class);
    suites.forEach(
        (suite, contracts) -> {
          text.append("\n").append(suite).append("\n");
          contracts.forEach(
              (contract, counts) -> {
                text.append(String.format(Locale.ROOT, "  %-20s %s%n", contract, counts));
                counts.counts.forEach(
                    (outcome, count) -> total.merge(outcome, count, Integer::sum));
                counts.details.forEach(detail -> text.append("    ").append(detail).append("\n"));
              });
        });
    text.append("\nTotal: ");
    for (Outcome outcome : Outcome.values()) {
      text.append(outcome == Outcome.PASSED ? "" : ", ");
      text.append(total.getOrDefault(outcome, 0)).append(' ').append(outcome.words);
    }
    return text.append("\n").toString();
  }
}
