package io.kvbm.bench.cache;

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

/** {@code kvbm bench cache}: what a hit of the device cache costs. */
@Command(
    name = "cache",
    description = {
      "Measures look-ups in a device cache of 4096 values beside a map of the JDK.",
      "The memory is the host's: a look-up never touches the value."
    },
    sortOptions = false)
public final class CacheCommand implements Subcommand {

  @Mixin private ThreadOptions threads;
  @Mixin private RoundOptions options;

  /** For picocli. */
  public CacheCommand() {}

  @Override
  public int run(Console console) {
    List<Comparison> plan = CacheComparisons.of(threads.counts());
    BenchReport.of(new Rounds(plan, options.settings()).run(console)).print(console);
    return OK;
  }
}
