package io.kvbm.cli.replay;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of a replay by a leader and its workers; for {@code @Mixin}. */
final class WorkerOptions {

  private static final int MOST = 64;

  /** What is for one process, or of what a leader's workers do not have. */
  private static final List<String> OTHERS =
      List.of("--peers", "--sabotage", "--faults", "--disk-dir", "--disk-speed", "--speed");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = {
        "Lead N processes of this machine: this one decides which block is where and has no bytes,"
            + " each worker has one shard of every block, of --block-bytes, in the tiers above,"
            + " moves it and compares it."
      })
  private @Nullable Integer count;

  @Option(names = "--as-worker", hidden = true, paramLabel = "INDEX")
  private @Nullable Integer index;

  /** For picocli. */
  WorkerOptions() {}

  /** {@return whether this process is to lead others} */
  boolean areAsked() {
    return count != null;
  }

  /** {@return which worker this process is, or null where it is none} */
  @Nullable Integer index() {
    return index;
  }

  /** {@return how many workers, from 1} */
  int requireCount() {
    int wanted = count == null ? 0 : count;
    if (wanted < 1 || wanted > MOST) {
      throw new ParameterException(
          spec.commandLine(), "--workers %d is not from 1 to %d".formatted(wanted, MOST));
    }
    for (String option : OTHERS) {
      if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
        throw new ParameterException(
            spec.commandLine(), option + " does not go with workers; leave it or --workers out");
      }
    }
    return wanted;
  }

  List<String> arguments() {
    return ChildArguments.of(spec);
  }
}
