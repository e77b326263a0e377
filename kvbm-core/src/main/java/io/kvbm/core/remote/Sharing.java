package io.kvbm.core.remote;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.Block;
import io.kvbm.api.block.BlockDescriptorList;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.block.RemoteBlock;
import io.kvbm.api.block.SerializedBlockSet;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.remote.DirectoryListener;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.remote.RemoteAccess;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.TransferHandle;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.tiering.PeerLoad;
import io.kvbm.core.tiering.PeerSource;
import io.kvbm.core.tiering.TieringEngine;
import io.kvbm.core.transfer.TransferOptions;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What a manager shares with other workers: it exports its tiers, refers to those of others, lends
 * to peers and fetches from them.
 *
 * <p>Ownership: tiers, agent and everything of the environment stay the caller's and outlive the
 * sharing, which takes back what it registered. Threading: safe from any thread.
 */
public final class Sharing implements PeerSource, AutoCloseable {

  private final DirectoryMember self;
  private final RemoteAgent agent;
  private final Exports exports;
  private final Imports imports;
  private final RemoteTransfers transfers;

  private final SharingEnvironment environment;
  private final SharingMeters meters;
  private final BlockLender lender;
  private final PeerLinks links;
  private final @Nullable Publisher publisher;
  private @Nullable Storage stagingMemory;
  private @Nullable BlockDirectory directory;
  private @Nullable RemoteFetcher fetcher;

  /**
   * Registers what is lent and answers peers.
   *
   * @param tiering the manager's tiers
   * @param agent reaches peers
   * @param workerId this worker among others
   * @param fingerprint hash scheme, model, salt and shape of the blocks
   * @param options what is shared
   * @param environment what to run on
   * @param publisher hears of the lent tiers; null where nothing is announced
   */
  public Sharing(
      TieringEngine tiering,
      RemoteAgent agent,
      long workerId,
      long fingerprint,
      SharingOptions options,
      SharingEnvironment environment,
      @Nullable Publisher publisher) {
    this.self = new DirectoryMember(agent.descriptor(), workerId, fingerprint);
    this.agent = agent;
    this.environment = environment;
    this.publisher = publisher;
    this.meters = new SharingMeters(environment.metrics());
    this.exports = new Exports(agent);
    this.imports = new Imports(self, agent, environment.layouts(), options.fetchTimeout());
    this.links = new PeerLinks(self, agent, environment);
    this.transfers = new RemoteTransfers(environment.transfers(), tiering.tiers(), workerId);
    try {
      LentParts parts = export(tiering.tiers(), options);
      this.lender =
          new BlockLender(
              tiering, fingerprint, options, environment, exports, parts, this::blockSet, meters);
    } catch (RuntimeException | Error e) {
      exports.close();
      closeStaging();
      throw e;
    }
    meters.lentNow(lender::lentBlocks);
    agent.serve(lender);
  }

  /**
   * Fetches from the members of a directory from now on, and announces what is lent.
   *
   * @param joined by {@link #self()} with {@link #members()} as its listener; this closes it
   * @param tiering the manager's tiers
   * @param options what is shared
   */
  public void join(BlockDirectory joined, TieringEngine tiering, SharingOptions options) {
    directory = joined;
    fetcher =
        new RemoteFetcher(
            joined,
            links,
            FetchTarget.of(tiering),
            self.fingerprint(),
            options,
            environment,
            meters);
    Publisher announces = publisher;
    if (announces != null) {
      announces.start(
          joined,
          tiering.tiers().stream()
              .filter(tier -> options.lend().contains(tier.level()))
              .map(Tier::pool)
              .toList(),
          environment.executor());
    }
  }

  /** {@return hears of the members of the directory} */
  public DirectoryListener members() {
    return new DirectoryListener() {
      @Override
      public void joined(DirectoryMember member) {}

      @Override
      public void left(DirectoryMember member) {
        links.drop(member);
        imports.drop(member);
      }

      @Override
      public void connection(boolean connected) {}
    };
  }

  private LentParts export(List<Tier> tiers, SharingOptions options) {
    RemoteAccess access = options.writable() ? RemoteAccess.READ_WRITE : RemoteAccess.READ;
    Set<Integer> lent = new HashSet<>();
    Map<Integer, Integer> partOfTier = new HashMap<>();
    boolean stages = false;
    for (int i = 0; i < tiers.size(); i++) {
      Tier tier = tiers.get(i);
      if (!options.lend().contains(tier.level()) || !tier.isLocal()) {
        continue;
      }
      int index = i;
      lent.add(i);
      tier.pool()
          .layout()
          .flatMap(layout -> exports.add(tier.name(), layout, access))
          .ifPresent(part -> partOfTier.put(index, part));
      boolean isHost =
          tier.pool().layout().map(layout -> layout.storage(0).isHostAccessible()).orElse(false);
      stages |= !isHost || !partOfTier.containsKey(i);
    }
    LayoutConfig shape = tiers.getFirst().pool().shape();
    long slots = Math.min(options.stagingByteSize() / shape.blockByteSize(), Integer.MAX_VALUE);
    if (!stages || slots == 0) {
      return new LentParts(lent, partOfTier, -1, null);
    }
    Layout staging = staging(shape.toBuilder().numBlocks((int) slots).alignment(1).build());
    return exports
        .add(BlockSet.STAGING, staging, RemoteAccess.READ)
        .map(part -> new LentParts(lent, partOfTier, part, new Staging(staging)))
        .orElseGet(() -> new LentParts(lent, partOfTier, -1, null));
  }

  private Layout staging(LayoutConfig shape) {
    LayoutProvider provider = environment.layouts().apply(LayoutType.FULLY_CONTIGUOUS);
    long byteSize = provider.storageByteSizes(shape).getFirst();
    Storage memory =
        environment
            .hostMemory()
            .get()
            .allocate(new AllocationRequest(byteSize, AllocationRequest.DEFAULT_ALIGNMENT));
    stagingMemory = memory;
    return provider.bind(shape, List.of(memory));
  }

  private void closeStaging() {
    Storage memory = stagingMemory;
    if (memory != null) {
      memory.close();
    }
  }

  /**
   * Sets who copies blocks between this worker's sets for a leader: the first agent that asks, and
   * no other.
   *
   * @param mover null for nobody: leaders are told that it is unsupported
   */
  public void shards(@Nullable ShardMover mover) {
    lender.shards(mover);
  }

  /** {@return what was shared so far} */
  public SharingStatistics statistics() {
    Publisher announces = publisher;
    return meters.statistics(lender.lentBlocks(), announces == null ? 0 : announces.dropped());
  }

  /** {@return the directory, where there is one} */
  public Optional<BlockDirectory> directory() {
    return Optional.ofNullable(directory);
  }

  @Override
  public boolean mayHave(List<BlockKey> keys, int from) {
    RemoteFetcher fetches = fetcher;
    return fetches != null && fetches.mayHave(keys, from);
  }

  @Override
  public int targetTier() {
    RemoteFetcher fetches = fetcher;
    return fetches == null ? -1 : fetches.targetTier();
  }

  @Override
  public PeerLoad load(List<BlockKey> keys, int from, long deadlineNanos) {
    RemoteFetcher fetches = fetcher;
    if (fetches == null) {
      return PeerLoad.NONE;
    }
    RemoteFetcher.Fetch fetch = fetches.fetch(keys, from, deadlineNanos);
    return new PeerLoad() {
      @Override
      public CompletionStage<List<ImmutableBlock>> blocks() {
        return fetch.result.thenApply(FetchResult::blocks);
      }

      @Override
      public CompletionStage<Void> cancel() {
        fetch.cancel();
        return fetch.drained.minimalCompletionStage();
      }
    };
  }

  /**
   * Fetches blocks from the peers that have them.
   *
   * @param keys the blocks of a sequence, in order
   * @param timeout how long it may take, at most as long as the options say
   * @return completes with what came, never exceptionally because a peer failed
   */
  public CompletionStage<FetchResult> fetch(List<BlockKey> keys, Duration timeout) {
    RemoteFetcher fetches = fetcher;
    if (fetches == null) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "worker %d is in no directory, so it does not know who has blocks; set sharing.directory"
              .formatted(self.workerId()));
    }
    return fetches
        .fetch(keys, 0, Staging.deadline(environment.deadlines(), timeout.toNanos()))
        .result
        .minimalCompletionStage();
  }

  /** {@return this worker as others see it} */
  public DirectoryMember self() {
    return self;
  }

  /** {@return the agent that reaches peers} */
  public RemoteAgent agent() {
    return agent;
  }

  /** {@return a description of this worker's blocks for others to import} */
  public BlockSet blockSet() {
    return new BlockSet(self.agent(), self.workerId(), self.fingerprint(), exports.parts());
  }

  /**
   * Makes the blocks of another worker known to this one, and connects to its agent.
   *
   * @param serialized what that worker exported
   * @return what it says
   */
  public BlockSet importSet(SerializedBlockSet serialized) {
    return imports.add(serialized);
  }

  /**
   * {@return references to blocks of an imported set}
   *
   * @param descriptors which
   * @param isMutable whether they are to be written
   */
  public List<RemoteBlock> remoteBlocks(BlockDescriptorList descriptors, boolean isMutable) {
    return imports.blocks(descriptors, isMutable);
  }

  /**
   * Copies blocks of another worker here.
   *
   * @param sources of one imported set
   * @param targets as many blocks of one tier; they stay the caller's, who keeps them open until
   *     the transfer has ended
   * @param options priority, deadline and layers
   * @return the transfer, begun
   */
  public TransferHandle read(
      List<RemoteBlock> sources, List<MutableBlock> targets, TransferOptions options) {
    return transfers.read(sources, targets, options);
  }

  /**
   * Copies blocks to another worker.
   *
   * @param sources of one tier; they stay the caller's, who keeps those that are being filled open
   *     until the transfer has ended
   * @param targets as many mutable references of one imported set
   * @param options priority, deadline and layers
   * @return the transfer, begun
   */
  public TransferHandle write(
      List<? extends Block> sources, List<RemoteBlock> targets, TransferOptions options) {
    return transfers.write(sources, targets, options);
  }

  /**
   * Leaves the directory, takes back loans, references and what was exported. Later calls do
   * nothing.
   */
  @Override
  public void close() {
    Publisher announces = publisher;
    if (announces != null) {
      announces.stop();
    }
    BlockDirectory joined = directory;
    try {
      if (joined != null) {
        joined.close();
      }
    } finally {
      try {
        agent.serve(null);
        lender.close();
        links.close();
        imports.close();
      } finally {
        exports.close();
        closeStaging();
      }
    }
  }
}
