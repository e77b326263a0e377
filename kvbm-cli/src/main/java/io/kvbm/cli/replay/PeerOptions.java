package io.kvbm.cli.replay;

import io.kvbm.cli.console.Console;
import io.kvbm.cli.trace.Trace;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of a replay by several processes; for {@code @Mixin}. */
final class PeerOptions {

  private static final int MOST = 64;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--peers",
      paramLabel = "N",
      description = {
        "Split the trace over N processes of this machine, in turns, that share their blocks: each"
            + " has the tiers above and asks the others for what it lacks. Served by a peer counts"
            + " as remote."
      })
  private @Nullable Integer count;

  @Option(
      names = "--directory",
      defaultValue = ReplayPeers.STATIC,
      paramLabel = "KIND",
      description =
          "How they find each other's blocks: static (each asks all others) or etcd, as"
              + " backends.remote.etcdEndpoints says (default: ${DEFAULT-VALUE}).")
  private String directory;

  @Option(names = "--as-peer", hidden = true, paramLabel = "INDEX")
  private @Nullable Integer index;

  /** For picocli. */
  PeerOptions() {}

  /** {@return whether this process is to start others} */
  boolean areAsked() {
    return count != null;
  }

  /** {@return what this process is among others, or null where it is alone} */
  @Nullable PeerIdentity identity() {
    return index == null ? null : new PeerIdentity(index, directory);
  }

  /**
   * {@return what starts the others}
   *
   * @param trace what is replayed
   * @param console whether JSON is wanted
   */
  ReplayPeers processes(Trace trace, Console console) {
    int wanted = count == null ? 0 : count;
    if (wanted < 1 || wanted > MOST) {
      throw new ParameterException(
          spec.commandLine(), "--peers %d is not from 1 to %d".formatted(wanted, MOST));
    }
    for (String option : List.of("--sabotage", "--faults", "--disk-dir", "--speed")) {
      if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
        throw new ParameterException(
            spec.commandLine(), option + " is for one process; leave it or --peers out");
      }
    }
    return new ReplayPeers(wanted, directory, argumentsOfOne(), trace);
  }

  /** The command line without what is this process's own. */
  private List<String> argumentsOfOne() {
    List<String> all = spec.root().commandLine().getParseResult().originalArgs();
    List<String> kept = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      String word = all.get(i);
      if (word.equals("--peers") || word.equals("--directory")) {
        i++;
      } else if (!word.startsWith("--peers=")
          && !word.startsWith("--directory=")
          && !word.equals("--json")) {
        kept.add(word);
      }
    }
    return kept;
  }
}
