package io.kvbm.cli.replay;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.ProgressBar;
import io.kvbm.cli.settings.PlatformFactory;
import io.kvbm.cli.settings.UsesPlatform;
import io.kvbm.cli.spi.Subcommand;
import io.kvbm.cli.trace.ChatWorkload;
import io.kvbm.cli.trace.Trace;
import io.kvbm.cli.trace.TraceFiles;
import io.kvbm.cli.trace.TraceFormat;
import io.kvbm.core.Platform;
import io.kvbm.core.config.KvbmConfig;
import io.kvbm.core.cost.GateMode;
import io.kvbm.core.cost.RecomputeCost;
import io.kvbm.core.offload.WritePolicy;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.Verification;
import io.kvbm.core.tiering.TieringOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code kvbm replay}: a trace through real tiers, every byte checked. */
@Command(
    name = "replay",
    customSynopsis = {
      "kvbm replay [--trace FILE...] [--format FORMAT] [--seed N]",
      "              [--device N] [--host N] [--disk N] [--disk-dir DIR]",
      "              [--block-bytes SIZE] [--policy POLICY] [--sabotage N]",
      "              [--edge UPPER-LOWER=through|back|selective|none]...",
      "              [--deadline TIME] [--speed X] [--cost-gate off|advise|enforce]",
      "              [--tokens-per-second N] [--block-tokens N]",
      "              [--faults R] [--stall TIME|forever] [--disk-speed SIZE]",
      "              [--device-backend NAME] [--host-backend NAME]",
      "              [--disk-backend NAME] [--peers N | --workers N]",
      "              [--directory KIND] [--transport KIND] [--json] [--verbose]"
    },
    description = {
      "Replays a trace through tiers of KV blocks with real bytes and compares each block that"
          + " comes back.",
      "Without --trace it makes up a multi-turn chat workload. Capacities count blocks; 0 = no such"
          + " tier.",
      "Where a configuration has tiers, their blocks, backends and policies take the place of the"
          + " defaults below, not the settings tiering.*; see 'kvbm config'."
    },
    sortOptions = false)
final class ReplayCommand implements Subcommand, UsesPlatform {

  private static final int REQUESTS = 4000;
  private static final int CONVERSATIONS = 64;

  @Spec private CommandSpec spec;

  @Option(
      names = "--trace",
      arity = "1..*",
      paramLabel = "FILE",
      description = "The trace; for weka also several files or a folder, which are merged.")
  private @Nullable List<Path> traces;

  @Option(
      names = "--format",
      defaultValue = "auto",
      paramLabel = "FORMAT",
      converter = TraceFormat.Converter.class,
      description = "How it is written: auto, mooncake or weka (default: ${DEFAULT-VALUE}).")
  private TraceFormat format;

  @Option(
      names = "--device",
      defaultValue = "256",
      paramLabel = "N",
      description = "Blocks of the device tier (default: ${DEFAULT-VALUE}).")
  private int device;

  @Option(
      names = "--host",
      defaultValue = "1024",
      paramLabel = "N",
      description = "Blocks of the host tier (default: ${DEFAULT-VALUE}).")
  private int host;

  @Option(
      names = "--disk",
      defaultValue = "4096",
      paramLabel = "N",
      description = "Blocks of the disk tier (default: ${DEFAULT-VALUE}).")
  private int disk;

  @Option(
      names = "--block-bytes",
      defaultValue = "64KiB",
      paramLabel = "SIZE",
      converter = Converters.BlockByteSizeConverter.class,
      description = "Bytes of a block, a multiple of 4096 (default: ${DEFAULT-VALUE}).")
  private long blockBytes;

  @Option(
      names = "--policy",
      defaultValue = KvManagerLayoutConfig.DEFAULT_EVICTION_POLICY,
      paramLabel = "POLICY",
      description =
          "The eviction policy of every tier, see 'kvbm simulate --help' (default:"
              + " ${DEFAULT-VALUE}).")
  private String policy;

  @Option(
      names = "--edge",
      split = ",",
      paramLabel = "EDGE",
      description = {
        "When blocks go from a tier to the one below it, as device-host=through: as soon as they"
            + " are filled (through), when they are evicted (back, the default), when they were"
            + " used twice (selective), or never (none)."
      })
  private @Nullable List<String> edges;

  @Option(
      names = "--deadline",
      defaultValue = "50ms",
      paramLabel = "TIME",
      converter = Durations.class,
      description =
          "How long a request waits for its blocks, as 50ms or 2s; what has not come up then is"
              + " filled anew; 0 = as long as it takes (default: ${DEFAULT-VALUE}).")
  private long deadlineNanos;

  @Option(
      names = "--speed",
      defaultValue = "0",
      paramLabel = "X",
      description =
          "Let requests arrive X times as fast as recorded; 0 = one after the other (default:"
              + " ${DEFAULT-VALUE}).")
  private double speed;

  @Option(
      names = "--cost-gate",
      defaultValue = "off",
      paramLabel = "MODE",
      converter = Converters.GateModeConverter.class,
      description = {
        "Whether blocks that are faster to compute than to load are not loaded: off, advise (only"
            + " counts them) or enforce (default: ${DEFAULT-VALUE})."
      })
  private GateMode costGate;

  @Option(
      names = "--tokens-per-second",
      defaultValue = "8000",
      paramLabel = "N",
      description =
          "How fast blocks are computed, for the gate and for what is said of first tokens"
              + " (default: ${DEFAULT-VALUE}).")
  private double tokensPerSecond;

  @Option(
      names = "--block-tokens",
      defaultValue = "512",
      paramLabel = "N",
      description = "Tokens of a block, for the same (default: ${DEFAULT-VALUE}).")
  private int blockTokens;

  @Option(
      names = "--faults",
      defaultValue = "0",
      paramLabel = "R",
      description = {
        "The share of copies, 0 to 1, that go wrong on purpose: of a hundred 48 fail, 48 arrive"
            + " damaged and 4 stall. Every movement is checked then, and the tiers must notice"
            + " each (default: ${DEFAULT-VALUE})."
      })
  private double faultRate;

  @Option(
      names = "--stall",
      defaultValue = "2s",
      paramLabel = "TIME",
      converter = Converters.StallConverter.class,
      description =
          "How long such a copy stalls, or forever; the tiers give up on it after a second"
              + " (default: ${DEFAULT-VALUE}).")
  private long stallNanos;

  @Option(
      names = "--disk-speed",
      paramLabel = "SIZE",
      converter = Converters.SpeedConverter.class,
      description = "Slow the disk tier down to so many bytes a second, as 1MB.")
  private @Nullable Long diskSpeed;

  @Option(
      names = "--disk-dir",
      paramLabel = "DIR",
      description =
          "Where the disk tier keeps its blocks for the next run, also after a crash. Without it"
              + " they are in a scratch directory in backends.disk.dir, or /tmp; with --sabotage in"
              + " a scratch file there.")
  private @Nullable Path diskDirectory;

  @Option(
      names = "--device-backend",
      defaultValue = "system",
      paramLabel = "NAME",
      description = "The backend of the device tier (default: ${DEFAULT-VALUE}).")
  private String deviceBackend;

  @Option(
      names = "--host-backend",
      defaultValue = "system",
      paramLabel = "NAME",
      description = "The backend of the host tier (default: ${DEFAULT-VALUE}).")
  private String hostBackend;

  @Option(
      names = "--disk-backend",
      defaultValue = "disk",
      paramLabel = "NAME",
      description = "The backend of the disk tier (default: ${DEFAULT-VALUE}).")
  private String diskBackend;

  @Option(
      names = "--seed",
      defaultValue = "42",
      paramLabel = "N",
      description = "Picks the workload made up without --trace (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--sabotage",
      defaultValue = "0",
      paramLabel = "N",
      description = "Change N stored blocks behind the checks; the replay must find them all.")
  private int sabotage;

  @Mixin private PeerOptions peers;

  @Mixin private WorkerOptions workers;

  private @Nullable PlatformFactory platforms;

  @Override
  public void use(PlatformFactory factory) {
    platforms = factory;
  }

  @Override
  public int run(Console console) throws InterruptedException, IOException {
    PlatformFactory factory = Objects.requireNonNull(platforms, "use() comes before run()");
    KvbmConfig config = factory.configure();
    if (workers.areAsked()) {
      return lead(factory, console);
    }
    if (peers.areAsked()) {
      return runPeers(console);
    }
    try (Faults faults = faults()) {
      SingleReplay single = new SingleReplay(spec, faults, sabotage);
      Integer rank = workers.index();
      return single.run(
          factory,
          config,
          platform -> {
            ReplayOptions options = options(config, platform);
            if (rank != null) {
              ServedShards.run(options, platform, rank, peers.directory(), console);
              return OK;
            }
            Trace trace = readTrace(console);
            return options.peer() == null
                ? single.replay(trace, options, platform, console)
                : SingleReplay.answer(trace, options, platform, console);
          },
          console);
    }
  }

  private int runPeers(Console console) throws InterruptedException, IOException {
    peers.requireCount();
    Trace trace = readTrace(console);
    PeersReport report;
    try (Meeting meeting = peers.meet()) {
      report = peers.processes(trace, meeting).run(console);
    }
    if (console.isJson()) {
      console.document(report::write);
    } else {
      report.print(console);
    }
    return report.total("wrongBlocks") == 0 ? OK : FAILED;
  }

  private int lead(PlatformFactory factory, Console console)
      throws InterruptedException, IOException {
    int count = workers.requireCount();
    WorkersReport report;
    try (Meeting meeting = peers.meet()) {
      KvbmConfig config = factory.configure(meeting.on(factory.sources()));
      try (Platform platform = factory.open(config)) {
        ReplayOptions options = options(config, platform);
        Trace trace = readTrace(console);
        report =
            new ReplayWorkers(count, workers.arguments(), meeting, trace)
                .run(platform, options, console);
      }
    }
    if (console.isJson()) {
      console.document(report::write);
    } else {
      report.print(console);
    }
    if (report.isGood()) {
      return OK;
    }
    console.error(report.complaint());
    return FAILED;
  }

  private @Nullable Faults faults() {
    if (!(faultRate >= 0 && faultRate <= 1)) {
      throw new ParameterException(
          spec.commandLine(), "--faults %s is no share; give 0 to 1".formatted(faultRate));
    }
    if (faultRate > 0 && sabotage > 0) {
      throw new ParameterException(
          spec.commandLine(), "--faults checks every movement, so --sabotage finds no victim");
    }
    return faultRate == 0 ? null : new Faults(faultRate, stallNanos, blockBytes, seed);
  }

  private ReplayOptions options(KvbmConfig config, Platform platform) {
    notNegative("--sabotage", sabotage);
    TierChoice tiers = new TierChoice(config, this::isGiven, blockBytes);
    Map<CacheLevel, Integer> capacities = new EnumMap<>(CacheLevel.class);
    capacities.put(
        CacheLevel.DEVICE, tiers.blocks(CacheLevel.DEVICE, notNegative("--device", device)));
    capacities.put(CacheLevel.HOST, tiers.blocks(CacheLevel.HOST, notNegative("--host", host)));
    capacities.put(CacheLevel.DISK, tiers.blocks(CacheLevel.DISK, notNegative("--disk", disk)));
    if (capacities.values().stream().allMatch(blocks -> blocks == 0)) {
      throw new ParameterException(
          spec.commandLine(), "all tiers are 0; give --device, --host or --disk some blocks");
    }
    Map<CacheLevel, String> backends = new EnumMap<>(CacheLevel.class);
    backends.put(CacheLevel.DEVICE, tiers.backend(CacheLevel.DEVICE, deviceBackend));
    backends.put(CacheLevel.HOST, tiers.backend(CacheLevel.HOST, hostBackend));
    backends.put(CacheLevel.DISK, tiers.backend(CacheLevel.DISK, diskBackend));
    Map<CacheLevel, String> policies = new EnumMap<>(CacheLevel.class);
    for (CacheLevel level : CacheLevel.values()) {
      policies.put(level, knownPolicy(tiers.policy(level, policy), platform));
    }
    return new ReplayOptions(
        capacities,
        backends,
        blockBytes,
        policies,
        tiers.settings(),
        diskDirectory,
        sabotage,
        tiering(capacities),
        deadlineNanos,
        diskSpeed == null ? 0 : diskSpeed,
        recompute(),
        notNegative(speed),
        peers.identity());
  }

  private double notNegative(double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new ParameterException(
          spec.commandLine(), "--speed %s is no speed; 0 = one after the other".formatted(value));
    }
    return value;
  }

  private TieringOptions tiering(Map<CacheLevel, Integer> capacities) {
    try {
      List<WritePolicy> writes = Edges.parse(edges == null ? List.of() : edges, capacities);
      TieringOptions tiering =
          TieringOptions.DEFAULT.withWrites(writes).withGate(costGate, recompute());
      return faultRate == 0
          ? tiering
          : tiering
              .withVerification(Verification.ALL)
              .withDemotionNanos(
                  deadlineNanos == 0 ? SingleReplay.STALL_NOTICED_NANOS : deadlineNanos);
    } catch (ConfigurationException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private RecomputeCost recompute() {
    try {
      return new RecomputeCost(tokensPerSecond, 0, blockTokens);
    } catch (ConfigurationException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private boolean isGiven(String option) {
    return spec.commandLine().getParseResult().hasMatchedOption(option);
  }

  private String knownPolicy(String name, Platform platform) {
    List<String> known = platform.evictionPolicies();
    if (!known.contains(name)) {
      throw new ParameterException(
          spec.commandLine(),
          "unknown policy '%s'; known: %s".formatted(name, String.join(", ", known)));
    }
    return name;
  }

  private int notNegative(String option, int value) {
    if (value < 0) {
      throw new ParameterException(
          spec.commandLine(), "%s %d is negative; 0 = none".formatted(option, value));
    }
    return value;
  }

  private Trace readTrace(Console console) {
    if (traces == null) {
      return new ChatWorkload(REQUESTS, CONVERSATIONS, seed).generate();
    }
    TraceFiles files = TraceFiles.find(traces);
    try (ProgressBar bar = console.progress("reading", "bytes", files.byteSize())) {
      return files.read(format, bar::advance);
    }
  }
}
