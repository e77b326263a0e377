package io.kvbm.cli.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.cli.Invocation;
import io.kvbm.cli.JsonText;
import io.kvbm.cli.peers.ChildProcess;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.config.KvbmConfig;
import io.kvbm.core.logical.ShardLeader;
import io.kvbm.core.logical.ShardWorkers;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.MovedBlock;
import io.kvbm.core.transfer.TransferOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code kvbm node --worker}, alone and led. */
@Timeout(120)
class NodeWorkerTest {

  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir private Path folder;

  private Path config(String name, String tiers) throws IOException {
    Path members = folder.resolve("members.txt");
    if (!Files.exists(members)) {
      Files.createFile(members);
    }
    return Files.writeString(
        folder.resolve(name),
        """
        model:
          numLayers: 2
          innerDim: 64
        backends:
          remote:
            token: 0123456789abcdef0123456789abcdef
            directoryFile: %s
            directoryCheck: 100ms
        sharing:
          directory: static
        tiers:
        %s
        """
            .formatted(members, tiers.indent(2)));
  }

  private Path worker() throws IOException {
    return config(
        "worker.yaml",
        """
        device:
          blocks: 4
          backend: system
          holder: allocator
        host:
          blocks: 8
          backend: system
          holder: allocator
        """);
  }

  @Test
  void aWorkerSaysHowItIsReachedAndWhatItHas() throws IOException {
    Invocation ran =
        Invocation.of(
            "--config",
            worker().toString(),
            "node",
            "--worker",
            "--seconds",
            "0.2",
            "--status",
            "0.05",
            "--json");
    assertThat(ran.exitCode()).as(ran.err()).isZero();
    Map<String, Object> said = JsonText.object(ran.out());
    assertThat(said)
        .containsEntry("agent", "kvbm-0")
        .containsEntry("directory", "static")
        .containsEntry("leader", "")
        .containsEntry("sets", Map.of("device", 4, "host", 8));
    assertThat((List<?>) said.get("endpoints")).isNotEmpty();
    assertThat(ran.err()).contains("leader none yet, 0 moves, 0 shards moved");
  }

  @Test
  void aTierWithoutSlotsOfItsOwnIsRefusedByName() throws IOException {
    Path stored =
        config(
            "stored.yaml",
            """
            device:
              blocks: 4
              backend: system
            host:
              blocks: 8
              backend: system
              holder: block-store
            """);
    Invocation ran = Invocation.of("--config", stored.toString(), "node", "--worker");
    assertThat(ran.exitCode()).isOne();
    assertThat(ran.err().lines())
        .singleElement()
        .asString()
        .contains("host set", "set tiers.host.holder to allocator");
  }

  @Test
  void optionsThatDoNotGoTogetherAreUsageErrors() {
    Invocation alone = Invocation.of("node", "--leader", "kvbm-9");
    assertThat(alone.exitCode()).isEqualTo(2);
    assertThat(alone.err()).contains("--leader is for --worker");
    Invocation both = Invocation.of("node", "--worker", "--block-set", "blocks.set");
    assertThat(both.exitCode()).isEqualTo(2);
    assertThat(both.err()).contains("--worker shares nothing");
  }

  @Test
  void aLeaderMovesShardsOnNodesUntilOneIsKilled() throws Exception {
    Path config = worker();
    List<ChildProcess> nodes = new ArrayList<>();
    try {
      List<String> members = new ArrayList<>();
      for (int id = 1; id <= 2; id++) {
        ChildProcess node =
            ChildProcess.start(
                "node-" + id,
                List.of("--config", config.toString(), "node", "--worker", "--leader", "kvbm-9"),
                Map.of("KVBM_RUNTIME_WORKER_ID", Integer.toString(id)));
        nodes.add(node);
        String said = node.answer("worker " + id + " holds shards of", SOON);
        members.add("kvbm-%d * %s %d *".formatted(id, said.replaceAll(".* at ", ""), id));
      }
      Files.write(folder.resolve("members.txt"), members);
      lead(nodes.getLast());
    } finally {
      for (ChildProcess node : nodes) {
        node.handle().destroyForcibly();
        node.close();
      }
    }
  }

  private void lead(ChildProcess victim) throws Exception {
    Path logical =
        config(
            "leader.yaml",
            """
            device:
              blocks: 4
              holder: logical
            host:
              blocks: 8
              holder: logical
            """);
    KvbmConfig settings = KvbmConfig.builder().file(logical).build(Platform.builder().schema());
    try (Platform platform = Platform.builder().config(settings).build()) {
      KvBlockManagerConfig config = KvBlockManager.configured(settings, platform);
      long fingerprint = KvBlockManager.fingerprint(config, platform);
      RemoteAgent agent = platform.openAgent("", "kvbm-9");
      ShardLeader leader = new ShardLeader(agent, fingerprint, List.of("kvbm-1", "kvbm-2"));
      DirectoryMember self = new DirectoryMember(agent.descriptor(), 9, fingerprint);
      try (BlockDirectory _ = platform.directory("static", self, leader)) {
        ShardWorkers workers = leader.connect(List.of(4, 8), SOON, SOON);
        try (KvBlockManager manager =
            KvBlockManager.builder(config).platform(platform).workers(workers).build()) {
          try (ImmutableBlock block = register(manager, 1)) {
            MovedBlock moved = down(manager, block);
            assertThat(moved.outcome())
                .isEqualTo(new BlockOutcome.Done(2 * config.model().blockByteSize()));
            moved.block().orElseThrow().close();
          }
          victim.handle().destroyForcibly();
          victim.handle().onExit().get(20, TimeUnit.SECONDS);
          try (ImmutableBlock block = register(manager, 2)) {
            assertThat(down(manager, block).outcome())
                .isInstanceOfSatisfying(
                    BlockOutcome.Failed.class,
                    end -> {
                      assertThat(end.cause().code()).isEqualTo(ErrorCode.DISCONNECTED);
                      assertThat(end.cause()).hasMessageContaining("worker kvbm-2 is gone");
                    });
          }
          assertThat(workers.fenced()).containsOnlyKeys("kvbm-2");
          assertThat(manager.tiering().match(List.of(BlockKey.derived(1)))).isEmpty();
        }
      }
    }
  }

  private static ImmutableBlock register(KvBlockManager manager, long n) {
    MutableBlock block = manager.device().orElseThrow().allocateBlocks(1).getFirst();
    return block.complete(BlockKey.derived(n), null).register();
  }

  private static MovedBlock down(KvBlockManager manager, ImmutableBlock block) {
    return manager
        .offload(List.of(block), CacheLevel.HOST, TransferOptions.DEFAULT)
        .await()
        .getFirst();
  }
}
