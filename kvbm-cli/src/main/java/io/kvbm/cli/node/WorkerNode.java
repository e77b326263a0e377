package io.kvbm.cli.node;

import com.fasterxml.jackson.core.JsonGenerator;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.config.RemoteOptions;
import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.AgentEndpoint;
import io.kvbm.api.remote.DirectoryListener;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.spi.ByteSizes;
import io.kvbm.cli.console.Console;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.config.CoreSettings;
import io.kvbm.core.config.KvbmConfig;
import io.kvbm.core.logical.ShardAgent;
import io.kvbm.core.logical.ShardStatistics;
import io.kvbm.core.logical.ShardWorker;
import io.kvbm.core.remote.Leadership;
import io.kvbm.core.tier.CacheLevel;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * {@code kvbm node --worker}: the tiers of a configuration as the sets of a leader's worker.
 *
 * @param shards answers the leader
 * @param agent is reached by it; the platform closes it
 * @param directory the kind of directory the leader finds this worker through, or empty
 * @param slots of each set
 * @param shardByteSize bytes of a shard
 * @param onlyLeader whose moves alone are made, or null for the first one's
 */
record WorkerNode(
    ShardAgent shards,
    RemoteAgent agent,
    String directory,
    Map<CacheLevel, Integer> slots,
    long shardByteSize,
    @Nullable String onlyLeader)
    implements AutoCloseable {

  static WorkerNode open(Platform platform, KvbmConfig config, @Nullable String leader) {
    KvBlockManagerConfig tiers = KvBlockManager.configured(config, platform);
    if (tiers.runtime().remote().mode() == RemoteOptions.Mode.DISABLED) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "a worker is reached by its leader, and %s is disabled; enable it"
              .formatted(CoreSettings.REMOTE));
    }
    ShardWorker.Builder sets =
        ShardWorker.builder().verification(KvBlockManager.tiering(config, platform).verification());
    Map<CacheLevel, Integer> slots = new EnumMap<>(CacheLevel.class);
    for (CacheLevel level : CacheLevel.values()) {
      KvManagerLayoutConfig tier = layout(level, tiers);
      if (tier != null) {
        sets.set(level.text(), tiers.model(), tier);
        slots.put(level, tier.numBlocks());
      }
    }
    ShardWorker worker = sets.build(platform.transfers(), platform.clock(), platform.executor());
    long workerId = tiers.runtime().workerId();
    RemoteAgent agent = platform.openAgent("", KvBlockManager.agentName(workerId));
    ShardAgent shards =
        new ShardAgent(
            worker,
            agent,
            workerId,
            KvBlockManager.fingerprint(tiers, platform),
            leader == null ? Leadership.ofFirst() : Leadership.of(leader));
    String directory = KvBlockManager.sharing(config).directory();
    if (!directory.isEmpty()) {
      shards.join(platform.directory(directory, shards.self(), DirectoryListener.NONE));
    }
    return new WorkerNode(
        shards, agent, directory, slots, worker.layout(0).blockByteSize(), leader);
  }

  private static @Nullable KvManagerLayoutConfig layout(
      CacheLevel level, KvBlockManagerConfig tiers) {
    return switch (level) {
      case DEVICE -> tiers.deviceLayout();
      case HOST -> tiers.hostLayout();
      case DISK -> tiers.diskLayout();
    };
  }

  void write(JsonGenerator json) throws IOException {
    AgentDescriptor own = agent.descriptor();
    json.writeStartObject();
    json.writeStringField("agent", own.name());
    json.writeStringField("generation", Long.toUnsignedString(own.generation(), 16));
    json.writeNumberField("worker", shards.self().workerId());
    json.writeStringField("fingerprint", Long.toUnsignedString(shards.self().fingerprint(), 16));
    json.writeArrayFieldStart("endpoints");
    for (AgentEndpoint endpoint : own.endpoints()) {
      json.writeString(endpoint.toString());
    }
    json.writeEndArray();
    json.writeStringField("directory", directory);
    json.writeStringField("leader", onlyLeader == null ? "" : onlyLeader);
    json.writeNumberField("shardBytes", shardByteSize);
    json.writeObjectFieldStart("sets");
    for (Map.Entry<CacheLevel, Integer> set : slots.entrySet()) {
      json.writeNumberField(set.getKey().text(), set.getValue());
    }
    json.writeEndObject();
    json.writeNumberField("pid", ProcessHandle.current().pid());
    json.writeEndObject();
  }

  void print(Console console) {
    console.line(
        "worker %d holds shards of %s as agent '%s' at %s"
            .formatted(
                shards.self().workerId(),
                ByteSizes.format(shardByteSize),
                agent.descriptor().name(),
                agent.descriptor().endpoints().stream()
                    .map(AgentEndpoint::toString)
                    .collect(Collectors.joining(", "))));
    slots.forEach((level, count) -> console.line("%s: %d slots".formatted(level.text(), count)));
    console.line(
        onlyLeader == null
            ? "leader: the first that moves shards"
            : "leader: '%s' alone".formatted(onlyLeader));
    if (!directory.isEmpty()) {
      console.line("found through " + directory);
    }
  }

  /** {@return what was done so far} */
  String line() {
    ShardStatistics now = shards.statistics();
    return "leader %s, %d moves, %d shards moved, %s, %d failed"
        .formatted(
            shards.leader().map(name -> "'" + name + "'").orElse("none yet"),
            now.moves(),
            now.shards(),
            ByteSizes.format(now.bytes()),
            now.failed());
  }

  @Override
  public void close() {
    shards.close();
  }
}
