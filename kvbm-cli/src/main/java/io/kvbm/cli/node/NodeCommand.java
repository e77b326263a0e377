package io.kvbm.cli.node;

import com.fasterxml.jackson.core.JsonGenerator;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.AgentEndpoint;
import io.kvbm.api.remote.AgentStatistics;
import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.spi.ByteSizes;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.settings.PlatformFactory;
import io.kvbm.cli.settings.UsesPlatform;
import io.kvbm.cli.spi.Subcommand;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.config.ConfigOrigin;
import io.kvbm.core.config.CoreSettings;
import io.kvbm.core.config.KvbmConfig;
import io.kvbm.core.remote.Sharing;
import io.kvbm.core.remote.SharingOptions;
import io.kvbm.core.tier.Tier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code kvbm node}: runs an agent that serves its tiers until it is ended. */
@Command(
    name = "node",
    description = {
      "Runs a worker that shares the tiers of its configuration with others.",
      "Says how it is reached as soon as it serves, then runs until it is interrupted, or for"
          + " --seconds. Remote sharing is on unless the configuration says otherwise.",
      "With --worker it holds the shards of a leader's blocks in these tiers instead, and moves"
          + " them as the leader says.",
      "The settings are tiers.*, sharing.* and backends.remote.*; see 'kvbm config'."
    },
    sortOptions = false)
final class NodeCommand implements Subcommand, UsesPlatform {

  @Spec private CommandSpec spec;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description = "End after so long (default: when it is interrupted).")
  private @Nullable Double seconds;

  @Option(
      names = "--block-set",
      paramLabel = "FILE",
      description =
          "Write what other workers import into this file, for its owner's eyes only; an older one"
              + " is replaced.")
  private @Nullable Path blockSet;

  @Option(
      names = "--status",
      paramLabel = "N",
      description = "Say on standard error every N seconds what was served (default: never).")
  private @Nullable Double status;

  @Option(
      names = "--worker",
      description =
          "Hold one shard of each block of a leader, in slots of the tiers, each held by an"
              + " allocator; the leader finds this process through sharing.directory.")
  private boolean worker;

  @Option(
      names = "--leader",
      paramLabel = "AGENT",
      description =
          "With --worker: the agent that may move shards (default: the first one that does).")
  private @Nullable String leader;

  private @Nullable PlatformFactory platforms;

  @Override
  public void use(PlatformFactory factory) {
    platforms = factory;
  }

  @Override
  public int run(Console console) throws IOException {
    positive("--seconds", seconds);
    positive("--status", status);
    PlatformFactory factory = Objects.requireNonNull(platforms, "use() comes before run()");
    if (leader != null && !worker) {
      throw new ParameterException(spec.commandLine(), "--leader is for --worker; give both");
    }
    if (worker && blockSet != null) {
      throw new ParameterException(
          spec.commandLine(), "--block-set is of what is shared, and --worker shares nothing");
    }
    KvbmConfig config = configure(factory);
    if (worker) {
      serveShards(factory, config, console);
    } else {
      share(factory, config, console);
    }
    return OK;
  }

  private void serveShards(PlatformFactory factory, KvbmConfig config, Console console) {
    try (Platform platform = factory.open(config);
        WorkerNode node = WorkerNode.open(platform, config, leader)) {
      if (console.isJson()) {
        console.document(node::write);
      } else {
        node.print(console);
      }
      console.resultWriter().flush();
      serve(node::line, console);
    }
  }

  private void share(PlatformFactory factory, KvbmConfig config, Console console)
      throws IOException {
    SharingOptions options = KvBlockManager.sharing(config);
    try (Platform platform = factory.open(config);
        KvBlockManager manager =
            KvBlockManager.builder(KvBlockManager.configured(config, platform))
                .platform(platform)
                .tiering(KvBlockManager.tiering(config, platform))
                .sharing(options)
                .build()) {
      Sharing sharing =
          manager
              .sharing()
              .orElseThrow(
                  () ->
                      new ConfigurationException(
                          ErrorCode.INVALID_CONFIG,
                          "a node shares its tiers, and %s is disabled; enable it"
                              .formatted(CoreSettings.REMOTE)));
      if (blockSet != null) {
        write(manager.exportLocalBlockset().bytes(), blockSet);
      }
      if (console.isJson()) {
        console.document(json -> write(manager, sharing, options, json));
      } else {
        print(manager, sharing, options, console);
      }
      console.resultWriter().flush();
      serve(() -> line(sharing), console);
    }
  }

  private static List<DirectoryMember> members(Sharing sharing) {
    return sharing.directory().map(BlockDirectory::members).orElse(List.of());
  }

  private void positive(String option, @Nullable Double value) {
    if (value != null && !(value > 0 && value <= 1e9)) {
      throw new ParameterException(
          spec.commandLine(), "%s %s is not above 0".formatted(option, value));
    }
  }

  private static KvbmConfig configure(PlatformFactory factory) {
    KvbmConfig said = factory.configure();
    return said.origin(CoreSettings.REMOTE) instanceof ConfigOrigin.Default
        ? factory.configure(factory.sources().set(CoreSettings.REMOTE, "enabled"))
        : said;
  }

  /** Whoever reads it can read the exported memory, so nobody else may. */
  private static void write(byte[] bytes, Path file) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + ".next-" + ProcessHandle.current().pid());
    Files.createFile(
        next, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      Files.write(next, bytes, StandardOpenOption.WRITE);
      Files.move(next, file, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(next);
    }
  }

  private void serve(Supplier<String> line, Console console) {
    long start = System.nanoTime();
    long end = seconds == null ? Long.MAX_VALUE : (long) (seconds * 1e9);
    long step = status == null ? Long.MAX_VALUE : (long) (status * 1e9);
    try {
      long served = System.nanoTime() - start;
      while (served < end) {
        TimeUnit.NANOSECONDS.sleep(Math.min(end - served, step));
        served = System.nanoTime() - start;
        if (status != null) {
          console.note(line.get());
        }
      }
    } catch (InterruptedException _) {
      // The user, or the system, has ended the node: everything is closed now.
    }
  }

  private static String line(Sharing sharing) {
    AgentStatistics now = sharing.agent().statistics();
    return "%d connections, %d blocks lent now, %s served, %d requests refused, %d other workers"
        .formatted(
            now.connections(),
            now.lentBlocks(),
            ByteSizes.format(now.bytesServed()),
            now.refused(),
            members(sharing).size());
  }

  private static void write(
      KvBlockManager manager, Sharing sharing, SharingOptions options, JsonGenerator json)
      throws IOException {
    AgentDescriptor agent = sharing.agent().descriptor();
    json.writeStartObject();
    json.writeStringField("agent", agent.name());
    json.writeStringField("generation", Long.toUnsignedString(agent.generation(), 16));
    json.writeNumberField("worker", manager.workerId());
    json.writeStringField("fingerprint", Long.toUnsignedString(sharing.self().fingerprint(), 16));
    json.writeArrayFieldStart("endpoints");
    for (AgentEndpoint endpoint : agent.endpoints()) {
      json.writeString(endpoint.toString());
    }
    json.writeEndArray();
    json.writeStringField("directory", options.directory());
    json.writeObjectFieldStart("tiers");
    for (Tier tier : manager.tiers()) {
      json.writeObjectFieldStart(tier.name());
      json.writeNumberField("blocks", tier.pool().totalBlocks());
      json.writeBooleanField("lent", options.lend().contains(tier.level()));
      json.writeEndObject();
    }
    json.writeEndObject();
    json.writeNumberField("registeredBytes", sharing.agent().statistics().registeredBytes());
    json.writeNumberField("pid", ProcessHandle.current().pid());
    json.writeEndObject();
  }

  private static void print(
      KvBlockManager manager, Sharing sharing, SharingOptions options, Console console) {
    AgentDescriptor agent = sharing.agent().descriptor();
    console.line(
        "worker %d serves as agent '%s' at %s"
            .formatted(
                manager.workerId(),
                agent.name(),
                agent.endpoints().stream()
                    .map(AgentEndpoint::toString)
                    .collect(Collectors.joining(", "))));
    for (Tier tier : manager.tiers()) {
      console.line(
          "%s: %d blocks%s"
              .formatted(
                  tier.name(),
                  tier.pool().totalBlocks(),
                  options.lend().contains(tier.level()) ? ", lent" : ", not lent"));
    }
    Set<String> others =
        members(sharing).stream()
            .map(DirectoryMember::agent)
            .map(AgentDescriptor::name)
            .collect(Collectors.toSet());
    if (!options.directory().isEmpty()) {
      console.line(
          "directory %s: %s"
              .formatted(
                  options.directory(),
                  others.isEmpty() ? "no other worker yet" : String.join(", ", others)));
    }
  }
}
