package io.kvbm.arch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jacoco.core.analysis.Analyzer;
import org.jacoco.core.analysis.CoverageBuilder;
import org.jacoco.core.analysis.IClassCoverage;
import org.jacoco.core.data.ExecutionDataStore;
import org.jacoco.core.tools.ExecFileLoader;

/** How much of each module the tests of all modules run. */
final class Coverage {
  private static final int WORST_MAX = 8;

  private Coverage() {}

  /**
   * The lines of one module.
   *
   * @param module its name
   * @param covered lines that ran at least in part
   * @param total lines that hold code
   * @param worst the classes with most lines that did not run
   */
  record Result(String module, int covered, int total, List<Missed> worst) {

    /** {@return whether at least {@code percent} of the lines ran} */
    boolean reaches(int percent) {
      return covered * 100L >= total * (long) percent;
    }

    String line() {
      return String.format(
          Locale.ROOT,
          "coverage %-16s %5.1f %%  %d of %d lines",
          module,
          total == 0 ? 100.0 : 100.0 * covered / total,
          covered,
          total);
    }

    String offence() {
      return line()
          + "\n"
          + worst.stream()
              .map(missed -> "    " + missed.lines() + " lines not run in " + missed.type())
              .collect(Collectors.joining("\n"));
    }
  }

  /** Lines of a class that no test ran. */
  record Missed(String type, int lines) {}

  /** {@return what the tests that wrote these files ran, all together} */
  static ExecutionDataStore load(List<Path> files) throws IOException {
    ExecFileLoader loader = new ExecFileLoader();
    for (Path file : files) {
      loader.load(file.toFile());
    }
    return loader.getExecutionDataStore();
  }

  static Result of(String module, Path classes, ExecutionDataStore ran) throws IOException {
    CoverageBuilder builder = new CoverageBuilder();
    Analyzer analyzer = new Analyzer(ran, builder);
    try (var files = Files.walk(classes)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".class")).toList()) {
        // Versions for later JDKs and the descriptor hold no code of their own.
        if (!file.getFileName().toString().equals("module-info.class")) {
          analyzer.analyzeAll(file.toFile());
        }
      }
    }
    List<Missed> worst =
        builder.getClasses().stream()
            .filter(type -> type.getLineCounter().getMissedCount() > 0)
            .sorted(
                Comparator.comparingInt(
                        (IClassCoverage type) -> type.getLineCounter().getMissedCount())
                    .reversed())
            .limit(WORST_MAX)
            .map(
                type ->
                    new Missed(
                        type.getName().replace('/', '.'), type.getLineCounter().getMissedCount()))
            .toList();
    var lines = builder.getBundle(module).getLineCounter();
    return new Result(module, lines.getCoveredCount(), lines.getTotalCount(), worst);
  }

  /** Refuses modules of which too little ran, all of them in one message. */
  static void require(List<Result> results, int percent) {
    List<Result> low = results.stream().filter(result -> !result.reaches(percent)).toList();
    if (!low.isEmpty()) {
      throw new AssertionError(
          "less than "
              + percent
              + " % of the lines ran in "
              + low.stream().map(Result::module).collect(Collectors.joining(", "))
              + ": add tests\n"
              + low.stream().map(Result::offence).collect(Collectors.joining("\n")));
    }
  }
}
