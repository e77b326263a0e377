package io.kvbm.bench.rounds;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option of benchmarks that several threads run; for {@code @Mixin}. */
public final class ThreadOptions {

  private static final int MAX_THREADS = 64;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--threads",
      defaultValue = "1,2",
      split = ",",
      paramLabel = "N",
      description =
          "How many threads; several, separated by commas, are tried in turn (default:"
              + " ${DEFAULT-VALUE}).")
  private List<Integer> threads;

  /** For picocli. */
  public ThreadOptions() {}

  /**
   * {@return the numbers of threads the user asked for, each once}
   *
   * @throws ParameterException if one is out of range
   */
  public List<Integer> counts() {
    for (int count : threads) {
      if (count < 1 || count > MAX_THREADS) {
        throw new ParameterException(
            spec.commandLine(), "--threads %d is not from 1 to %d".formatted(count, MAX_THREADS));
      }
    }
    return threads.stream().distinct().toList();
  }
}
