package io.kvbm.core.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.BlockParallelismStrategy;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.config.KvManagerRuntimeConfig;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.remote.DirectoryListener;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.remote.LoanRequest;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.remote.ShardMove;
import io.kvbm.api.remote.ShardOutcome;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.storage.Region;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.logical.ShardAgent;
import io.kvbm.core.logical.ShardLeader;
import io.kvbm.core.logical.ShardWorker;
import io.kvbm.core.logical.ShardWorkers;
import io.kvbm.core.onboard.OnboardOptions;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.LocatedBlock;
import io.kvbm.core.tier.MovedBlock;
import io.kvbm.core.tier.TestTiers;
import io.kvbm.core.tier.Verification;
import io.kvbm.core.transfer.TransferOptions;
import io.kvbm.testkit.BytePatterns;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A leader finds its workers in a directory, and each of them makes the moves of one leader. */
@Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@SuppressWarnings("try") // closing may wait
class LedWorkersTest {

  private static final Duration SOON = Duration.ofSeconds(20);
  private static final Duration SHORTLY = Duration.ofMillis(50);
  private static final int DEVICE = 4;
  private static final int HOST = 8;

  private final LoopbackAgents agents = new LoopbackAgents();
  private final Platform platform = platform();
  private final List<AutoCloseable> open = new ArrayList<>(List.of(platform));
  private final List<ShardWorker> workers = new ArrayList<>();

  private Platform platform() {
    List<BackendProvider> providers = new ArrayList<>();
    ServiceLoader.load(BackendProvider.class)
        .forEach(
            provider -> {
              if (provider.name().equals("system")) {
                providers.add(provider);
              }
            });
    providers.add(agents);
    return Platform.builder().providers(providers).build();
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
  }

  private KvBlockManagerConfig config(String model) {
    return KvBlockManagerConfig.builder()
        .runtime(KvManagerRuntimeConfig.builder().modelName(model).build())
        .model(TestTiers.MODEL)
        .deviceLayout(logical(DEVICE))
        .hostLayout(logical(HOST))
        .build();
  }

  private static KvManagerLayoutConfig logical(int blocks) {
    return KvManagerLayoutConfig.builder()
        .numBlocks(blocks)
        .logical(BlockParallelismStrategy.LEADER_WORKER_SHARDED)
        .build();
  }

  private KvManagerLayoutConfig system(int blocks) {
    return KvManagerLayoutConfig.builder()
        .numBlocks(blocks)
        .layoutType(LayoutType.FULLY_CONTIGUOUS)
        .allocator(platform.allocator("system"))
        .build();
  }

  private ShardAgent worker(int rank, String model, int hostSlots) {
    return worker(rank, model, hostSlots, platform.openAgent("", "rank-" + rank));
  }

  private ShardAgent worker(int rank, String model, int hostSlots, RemoteAgent reached) {
    ShardWorker worker =
        ShardWorker.builder()
            .verification(Verification.ALL)
            .set("device", TestTiers.MODEL, system(DEVICE))
            .set("host", TestTiers.MODEL, system(hostSlots))
            .build(platform.transfers(), platform.clock(), platform.executor());
    ShardAgent agent =
        new ShardAgent(
            worker,
            reached,
            rank,
            KvBlockManager.fingerprint(config(model), platform),
            Leadership.ofFirst());
    agent.join(platform.directory("local", agent.self(), DirectoryListener.NONE));
    open.add(agent);
    workers.add(worker);
    return agent;
  }

  /** A leader that looks for two workers from now on. */
  private ShardLeader leader(String name) {
    RemoteAgent agent = platform.openAgent("", name);
    long fingerprint = KvBlockManager.fingerprint(config("model"), platform);
    ShardLeader leader = new ShardLeader(agent, fingerprint, List.of("rank-0", "rank-1"));
    BlockDirectory directory =
        platform.directory(
            "local", new DirectoryMember(agent.descriptor(), 99, fingerprint), leader);
    open.add(directory);
    return leader;
  }

  private KvBlockManager manager(ShardWorkers led) {
    KvBlockManager manager =
        KvBlockManager.builder(config("model")).platform(platform).workers(led).build();
    open.add(manager);
    return manager;
  }

  private ImmutableBlock register(KvBlockManager manager, long n) {
    MutableBlock block = manager.device().orElseThrow().allocateBlocks(1).getFirst();
    for (int rank = 0; rank < workers.size(); rank++) {
      BytePatterns.fill(bytes(rank, 0, block.blockId()), 31 * n + rank);
    }
    return block.complete(TestTiers.key(n), null).register();
  }

  private MemorySegment bytes(int rank, int set, int slot) {
    Region region = workers.get(rank).layout(set).region(slot, 0, 0);
    return ((Region.HostRegion) region).segment();
  }

  private void assertShards(ImmutableBlock block, int set, long n) {
    for (int rank = 0; rank < workers.size(); rank++) {
      BytePatterns.verify(
          bytes(rank, set, block.blockId()), 31 * n + rank, "shard " + rank + " of block " + n);
    }
  }

  private static ImmutableBlock down(KvBlockManager manager, ImmutableBlock block) {
    MovedBlock moved =
        manager
            .offload(List.of(block), CacheLevel.HOST, TransferOptions.DEFAULT)
            .await()
            .getFirst();
    assertThat(moved.outcome()).isInstanceOf(BlockOutcome.Done.class);
    return moved.block().orElseThrow();
  }

  private static void assertRefused(ErrorCode code, String text, Throwable thrown) {
    Throwable cause = thrown instanceof CompletionException ? thrown.getCause() : thrown;
    assertThat(cause)
        .isInstanceOfSatisfying(KvbmException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(text);
  }

  @Test
  void case60_everyRankMovesItsOwnShardOfABlock() throws Exception {
    ShardLeader leader = leader("leader");
    ShardAgent first = worker(0, "model", HOST);
    ShardAgent second = worker(1, "model", HOST);
    ShardWorkers led = leader.connect(List.of(DEVICE, HOST), SOON, SOON);
    KvBlockManager manager = manager(led);
    try (ImmutableBlock block = register(manager, 7);
        ImmutableBlock copy = down(manager, block)) {
      assertShards(copy, 1, 7);
    }
    assertThat(first.leader()).contains("leader");
    assertThat(first.statistics()).isEqualTo(second.statistics());
    assertThat(first.statistics().shards()).as("the try and the block").isEqualTo(2);
    assertThat(first.statistics().failed()).isZero();
  }

  @Test
  void case60_aScanGoesOverTheTiersToTheFirstGap() throws Exception {
    ShardLeader leader = leader("leader");
    worker(0, "model", HOST);
    worker(1, "model", HOST);
    KvBlockManager manager = manager(leader.connect(List.of(DEVICE, HOST), SOON, SOON));
    List<ImmutableBlock> held = new ArrayList<>();
    for (long n : new long[] {1, 2, 3}) { // below alone
      ImmutableBlock top = register(manager, n);
      held.add(down(manager, top));
      top.close();
      manager.device().orElseThrow().resetBlocks(List.of(TestTiers.key(n)));
    }
    held.add(register(manager, 4)); // above alone
    held.add(register(manager, 6)); // behind a gap
    BlockPool.closeAll(held);
    assertThat(scan(manager, 1, 2, 3)).as("contiguous").containsExactly(1, 1, 1);
    assertThat(scan(manager, 1, 2, 3, 4)).as("tiered").containsExactly(1, 1, 1, 0);
    assertThat(scan(manager, 3, 4, 5, 6)).as("a gap").containsExactly(1, 0);
    assertThat(scan(manager, 5, 6)).as("a gap at the beginning").isEmpty();
    List<ImmutableBlock> up =
        manager.tiering().onboard(keys(1, 2, 3, 4), OnboardOptions.DEFAULT).await().blocks();
    for (int i = 0; i < 4; i++) {
      assertShards(up.get(i), 0, i + 1);
    }
    BlockPool.closeAll(up);
  }

  private static List<BlockKey> keys(long... numbers) {
    return Arrays.stream(numbers).mapToObj(TestTiers::key).toList();
  }

  /** {@return the tier of each block of the prefix that is there} */
  private static List<Integer> scan(KvBlockManager manager, long... numbers) {
    List<LocatedBlock> found = manager.tiering().match(keys(numbers));
    found.forEach(block -> block.block().close());
    return found.stream().map(LocatedBlock::tier).toList();
  }

  @Test
  void aWorkerThatLeavesTheDirectoryIsFencedBeforeAMoveFails() throws Exception {
    ShardLeader leader = leader("leader");
    worker(0, "model", HOST);
    ShardAgent second = worker(1, "model", HOST);
    ShardWorkers led = leader.connect(List.of(DEVICE, HOST), SOON, SOON);
    KvBlockManager manager = manager(led);
    register(manager, 1).close();
    assertThat(scan(manager, 1)).containsExactly(0);
    ImmutableBlock inUse = register(manager, 2);

    second.close();

    assertThat(led.fenced()).containsOnlyKeys("rank-1");
    assertThat(led.fenced().get("rank-1")).contains("has left the directory");
    assertThat(scan(manager, 1)).isEmpty();
    try (inUse) {
      BlockOutcome end =
          manager
              .offload(List.of(inUse), CacheLevel.HOST, TransferOptions.DEFAULT)
              .await()
              .getFirst()
              .outcome();
      assertThat(end).isInstanceOf(BlockOutcome.Failed.class);
    }
    assertThatThrownBy(() -> leader.connect("rank-1", SHORTLY))
        .hasMessageContaining("'rank-1' is not in the directory");
  }

  @Test
  void aWorkerThatComesBackIsTakenAfterAReset() throws Exception {
    ShardLeader leader = leader("leader");
    worker(0, "model", HOST);
    ShardAgent second = worker(1, "model", HOST);
    ShardWorkers led = leader.connect(List.of(DEVICE, HOST), SOON, SOON);
    KvBlockManager manager = manager(led);
    register(manager, 1).close();
    second.close();
    workers.removeLast();
    worker(1, "model", HOST, platform.agent("rank-1"));

    manager.resetWorker("rank-1", leader.connect("rank-1", SOON));

    assertThat(led.isIntact()).isTrue();
    assertThat(scan(manager, 1)).as("nobody knows its shard").isEmpty();
    try (ImmutableBlock block = register(manager, 2);
        ImmutableBlock copy = down(manager, block)) {
      assertShards(copy, 1, 2);
    }
  }

  @Test
  void aSecondLeaderIsRefused() throws Exception {
    worker(0, "model", HOST);
    worker(1, "model", HOST);
    ShardLeader leader = leader("leader");
    leader.connect(List.of(DEVICE, HOST), SOON, SOON);
    ShardLeader other = leader("usurper");
    assertThatThrownBy(() -> other.connect(List.of(DEVICE, HOST), SOON, SOON))
        .satisfies(
            e ->
                assertRefused(
                    ErrorCode.NOT_ALLOWED,
                    "the leader of this worker is 'leader', not 'usurper'",
                    e));
  }

  @Test
  void aWorkerThatIsNotThereIsNamed() {
    ShardLeader leader = leader("leader");
    worker(1, "model", HOST);
    assertThatThrownBy(() -> leader.connect(List.of(DEVICE, HOST), SHORTLY, SOON))
        .satisfies(
            e ->
                assertRefused(
                    ErrorCode.DEADLINE_EXCEEDED, "workers [rank-0] of [rank-0, rank-1]", e));
  }

  @Test
  void aWorkerOfAnotherModelIsRefused() {
    ShardLeader leader = leader("leader");
    worker(0, "model", HOST);
    worker(1, "other", HOST);
    assertThatThrownBy(() -> leader.connect(List.of(DEVICE, HOST), SOON, SOON))
        .satisfies(
            e -> assertRefused(ErrorCode.INVALID_CONFIG, "shards of worker 'rank-1' have", e));
  }

  @Test
  void aWorkerWithTooFewSlotsIsRefusedBeforeItIsUsed() {
    ShardLeader leader = leader("leader");
    worker(0, "model", HOST);
    worker(1, "model", HOST - 1);
    assertThatThrownBy(() -> leader.connect(List.of(DEVICE, HOST), SOON, SOON))
        .satisfies(
            e ->
                assertRefused(
                    ErrorCode.INVALID_CONFIG,
                    "worker 'rank-1' cannot serve this leader: slot 7 is outside the 7 slots",
                    e));
  }

  @Test
  void aWorkerSharesNothing() {
    worker(0, "model", HOST);
    RemoteAgent stranger = platform.openAgent("", "stranger");
    RemotePeer peer = stranger.connect(platform.agent("rank-0").descriptor(), SOON);
    LoanRequest request = new LoanRequest(1, keys(1), SOON);
    assertThatThrownBy(() -> peer.borrow(request).toCompletableFuture().join())
        .satisfies(e -> assertRefused(ErrorCode.UNSUPPORTED, "lends no blocks", e));
    assertThatThrownBy(() -> peer.blockSet(SOON).toCompletableFuture().join())
        .satisfies(e -> assertRefused(ErrorCode.UNSUPPORTED, "no block set", e));
  }

  @Test
  void aSharingWorkerMovesForOneLeader() throws Exception {
    try (SharingWorld world = new SharingWorld()) {
      SharingWorld.Worker one = world.worker(1, 4, SharingOptions.DEFAULT);
      SharingWorld.Worker two = world.worker(2, 4, SharingOptions.DEFAULT);
      SharingWorld.Worker three = world.worker(3, 4, SharingOptions.DEFAULT);
      one.sharing()
          .shards(
              move ->
                  CompletableFuture.completedFuture(
                      new ShardOutcome(List.of(new BlockOutcome.Done(8)))));
      ShardMove move = new ShardMove(0, new int[] {0}, 1, new int[] {0}, SOON);
      RemotePeer first = two.sharing().agent().connect(one.sharing().self().agent(), SOON);
      RemotePeer second = three.sharing().agent().connect(one.sharing().self().agent(), SOON);
      assertThat(first.move(move).toCompletableFuture().join().blocks()).hasSize(1);
      assertThatThrownBy(() -> second.move(move).toCompletableFuture().join())
          .satisfies(e -> assertRefused(ErrorCode.NOT_ALLOWED, "is 'kvbm-2', not 'kvbm-3'", e));
    }
  }
}
