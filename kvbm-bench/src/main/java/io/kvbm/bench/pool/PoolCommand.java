package io.kvbm.bench.pool;

import io.kvbm.bench.report.BenchReport;
import io.kvbm.bench.rounds.Comparison;
import io.kvbm.bench.rounds.RoundOptions;
import io.kvbm.bench.rounds.Rounds;
import io.kvbm.bench.rounds.ThreadOptions;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.spi.Subcommand;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code kvbm bench pool}: what the block pool's operations cost. */
@Command(
    name = "pool",
    description = {
      "Measures matches, misses and turnover of a pool of 4096 blocks beside maps of the JDK.",
      "An operation is one prefix of 128 blocks, or one block that goes through the pool."
    },
    sortOptions = false)
public final class PoolCommand implements Subcommand {

  @Mixin private ThreadOptions threads;
  @Mixin private RoundOptions options;

  /** For picocli. */
  public PoolCommand() {}

  @Override
  public int run(Console console) {
    List<Comparison> plan = PoolComparisons.of(threads.counts());
    BenchReport.of(new Rounds(plan, options.settings()).run(console)).print(console);
    return OK;
  }
}
