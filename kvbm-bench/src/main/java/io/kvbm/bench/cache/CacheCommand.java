package io.kvbm.bench.cache;

import io.kvbm.bench.report.BenchReport;
import io.kvbm.bench.rounds.RoundOptions;
import io.kvbm.bench.rounds.RoundSettings;
import io.kvbm.bench.rounds.Rounds;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.spi.Subcommand;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code kvbm bench cache}: what a hit of the device cache costs. */
@Command(
    name = "cache",
    description = {
      "Measures look-ups in a device cache of 4096 values beside a map of the JDK.",
      "The memory is the host's: a look-up never touches the value."
    },
    sortOptions = false)
public final class CacheCommand implements Subcommand {

  private static final int MAX_THREADS = 64;

  @Spec private CommandSpec spec;

  @Option(
      names = "--threads",
      defaultValue = "1,2",
      split = ",",
      paramLabel = "N",
      description =
          "How many threads; several, separated by commas, are tried in turn (default:"
              + " ${DEFAULT-VALUE}).")
  private List<Integer> threads;

  @Mixin private RoundOptions options;

  /** For picocli. */
  public CacheCommand() {}

  @Override
  public int run(Console console) {
    for (int count : threads) {
      if (count < 1 || count > MAX_THREADS) {
        throw new ParameterException(
            spec.commandLine(), "--threads %d is not from 1 to %d".formatted(count, MAX_THREADS));
      }
    }
    RoundSettings settings = options.settings();
    BenchReport.of(
            new Rounds(CacheComparisons.of(threads.stream().distinct().toList()), settings)
                .run(console))
        .print(console);
    return OK;
  }
}
