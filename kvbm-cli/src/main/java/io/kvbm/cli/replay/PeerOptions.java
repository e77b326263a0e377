package io.kvbm.cli.replay;

import io.kvbm.cli.trace.Trace;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of a replay by several processes; for {@code @Mixin}. */
final class PeerOptions {

  private static final int MOST = 64;
  private static final List<String> TRANSPORTS = List.of("tcp", "ucx");

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
      defaultValue = Meeting.STATIC,
      paramLabel = "KIND",
      description =
          "How the processes find each other and each other's blocks: static (each asks all others)"
              + " or etcd, as backends.remote.etcdEndpoints says (default: ${DEFAULT-VALUE}).")
  private String directory;

  @Option(
      names = "--transport",
      paramLabel = "KIND",
      description =
          "How bytes go between the processes: tcp or ucx (default: as backends.remote.transport"
              + " says).")
  private @Nullable String transport;

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

  String directory() {
    return directory;
  }

  /** {@return how processes are to meet; the caller closes it} */
  Meeting meet() throws IOException {
    if (transport != null && !TRANSPORTS.contains(transport)) {
      throw new ParameterException(
          spec.commandLine(), "--transport '%s' is none of %s".formatted(transport, TRANSPORTS));
    }
    return Meeting.arrange(directory, transport);
  }

  /**
   * {@return what starts the others}
   *
   * @param trace what is replayed
   * @param meeting how they meet
   */
  ReplayPeers processes(Trace trace, Meeting meeting) {
    return new ReplayPeers(requireCount(), meeting, ChildArguments.of(spec), trace);
  }

  /** Complains of what does not go with several processes that share. */
  int requireCount() {
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
    return wanted;
  }
}
