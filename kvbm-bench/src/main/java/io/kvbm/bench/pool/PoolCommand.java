package io.kvbm.bench.pool;

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

/** {@code kvbm bench pool}: what the block pool's operations cost. */
@Command(
    name = "pool",
    description = {
      "Measures matches, misses and turnover of a pool of 4096 blocks beside maps of the JDK.",
      "An operation is one prefix of 128 blocks, or one block that goes through the pool."
    },
    sortOptions = false)
public final class PoolCommand implements Subcommand {

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
  public PoolCommand() {}

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
            new Rounds(PoolComparisons.of(threads.stream().distinct().toList()), settings)
                .run(console))
        .print(console);
    return OK;
  }
}
