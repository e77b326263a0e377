package io.kvbm.cli.replay;

import io.kvbm.api.BackendException;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.ProgressBar;
import io.kvbm.cli.settings.PlatformFactory;
import io.kvbm.cli.spi.Subcommand;
import io.kvbm.cli.trace.Trace;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.config.KvbmConfig;
import io.kvbm.core.transfer.TransferLimits;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/**
 * A replay through the tiers of this process.
 *
 * @param spec names the command in complaints
 * @param faults what goes wrong on purpose, or null for nothing
 * @param sabotage how many stored blocks are to be changed
 */
record SingleReplay(CommandSpec spec, @Nullable Faults faults, int sabotage) {

  /** A copy that takes longer counts as stalled where faults are asked for. */
  static final long STALL_NOTICED_NANOS = 1_000_000_000L;

  private static final int MOST_STALLED_BATCHES = 64;
  private static final long DRAIN_NANOS = 2_000_000_000L;
  private static final long ARRIVING_NANOS = 3_000_000_000L;

  /** What is done on a platform; gives the exit code. */
  interface Work {
    int on(Platform platform) throws InterruptedException, IOException;
  }

  /** Opens a platform with the faults, works on it, and closes it. */
  int run(PlatformFactory factory, KvbmConfig config, Work work, Console console)
      throws InterruptedException, IOException {
    Platform platform = factory.open(config, this::disturb);
    int exitCode;
    try {
      exitCode = work.on(platform);
    } catch (RuntimeException | InterruptedException | IOException e) {
      try {
        platform.close();
      } catch (RuntimeException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
    closeDisturbed(platform, console);
    return exitCode;
  }

  private void disturb(Platform.Builder builder) {
    Faults wanted = faults;
    if (wanted != null) {
      builder
          .transports(transport -> new FaultyTransport(transport, wanted))
          .transferLimits(
              TransferLimits.DEFAULT.withPatience(
                  STALL_NOTICED_NANOS, MOST_STALLED_BATCHES, DRAIN_NANOS));
    }
  }

  /** What stalls for ever is left behind with the process. */
  private void closeDisturbed(Platform platform, Console console) {
    try {
      platform.close();
    } catch (BackendException e) {
      if (faults == null || !faults.stallsForEver()) {
        throw e;
      }
      console.note(e.getMessage());
    }
  }

  /** Replays a trace and reports. {@return the exit code} */
  int replay(Trace trace, ReplayOptions options, Platform platform, Console console)
      throws InterruptedException {
    ReplayReport report = through(trace, options, platform, console);
    // The tiers are closed by now: the memory and the disk space they held are free for this.
    PlainSpeed plain = PlainSpeed.beside(report, options, platform, console);
    if (console.isJson()) {
      console.document(json -> ReplayDocument.write(report, plain, options, json));
    } else {
      ReplaySummary.print(report, plain, options, console);
    }
    return verdict(report, console);
  }

  private int verdict(ReplayReport report, Console console) {
    if (report.sabotaged() < sabotage) {
      console.note(
          "only %d of %d blocks were sabotaged: too few blocks were found again"
              .formatted(report.sabotaged(), sabotage));
    }
    if (report.faults().missed() > 0) {
      console.note(
          "%d blocks went wrong on purpose and nobody noticed".formatted(report.faults().missed()));
      return Subcommand.FAILED;
    }
    if (report.faults().missed() < 0) {
      console.note(
          "%d blocks more went wrong than were meant to: this machine stalls by itself"
              .formatted(-report.faults().missed()));
    }
    return report.wrongBlocks() == 0 && report.sabotaged() == 0 ? Subcommand.OK : Subcommand.FAILED;
  }

  private ReplayReport through(
      Trace trace, ReplayOptions options, Platform platform, Console console)
      throws InterruptedException {
    try (ReplayTiers opened = ReplayTiers.open(options, platform, faults);
        TopTier top = new TopTier(platform, opened.manager().tiers().getFirst());
        Sabotage saboteur = saboteur(trace, options, platform, opened.manager());
        ProgressBar bar = console.progress("replaying", "blocks", trace.blockCount())) {
      Replay replay =
          new Replay(
              trace,
              opened.manager().tiering(),
              top,
              saboteur,
              opened.warm(),
              options,
              platform.clock(),
              faults != null,
              bar::advance);
      if (faults != null && !top.isDirect()) {
        throw new ParameterException(
            spec.commandLine(),
            "--faults needs a first tier in host memory: its blocks are compared without a"
                + " transfer");
      }
      long nanos = replay.run();
      if (faults != null) {
        return replay.report(nanos, noticed(faults, platform, opened.manager()));
      }
      // What the requests sent down the tiers belongs to the figures, if it arrives soon.
      opened.manager().tiering().flush(ARRIVING_NANOS);
      return replay.report(nanos, FaultReport.NONE);
    }
  }

  /** One of several processes: serves what it is told to. {@return the exit code} */
  static int answer(Trace trace, ReplayOptions options, Platform platform, Console console)
      throws InterruptedException, IOException {
    try (ReplayTiers opened = ReplayTiers.open(options, platform, null);
        TopTier top = new TopTier(platform, opened.manager().tiers().getFirst())) {
      Replay replay =
          new Replay(
              trace,
              opened.manager().tiering(),
              top,
              null,
              opened.warm(),
              options,
              platform.clock(),
              false,
              _ -> {});
      new AskedReplay(replay, opened.manager().sharing().orElseThrow(), console).run();
    }
    return Subcommand.OK;
  }

  /** What the tiers noticed, after what is on its way has ended or was given up. */
  private static FaultReport noticed(Faults faults, Platform platform, KvBlockManager tiers)
      throws InterruptedException {
    long untilNanos = System.nanoTime() + 20 * STALL_NOTICED_NANOS;
    FaultReport report;
    do {
      TimeUnit.MILLISECONDS.sleep(10);
      long stalled =
          platform.transfers().stalledBlocks().values().stream().mapToLong(Long::longValue).sum();
      report = FaultReport.of(faults, tiers.tiering().routes(), stalled);
    } while ((faults.hasWaiting() || report.missed() > 0) && untilNanos - System.nanoTime() > 0);
    return report;
  }

  private static @Nullable Sabotage saboteur(
      Trace trace, ReplayOptions options, Platform platform, KvBlockManager tiers) {
    return options.sabotage() == 0
        ? null
        : new Sabotage(platform, tiers.tiers(), options.sabotage(), trace.requestCount());
  }
}
