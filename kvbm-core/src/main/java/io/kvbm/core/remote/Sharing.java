package io.kvbm.core.remote;

import io.kvbm.api.block.Block;
import io.kvbm.api.block.BlockDescriptorList;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.block.RemoteBlock;
import io.kvbm.api.block.SerializedBlockSet;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.remote.RemoteAccess;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.transfer.TransferHandle;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.transfer.TransferOptions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a manager shares with other workers: it exports its tiers, refers to those of others, lends
 * to peers and fetches from them.
 *
 * <p>Ownership: tiers, agent and everything of the environment stay the caller's and outlive the
 * sharing, which takes back what it registered. Threading: safe from any thread.
 */
public final class Sharing implements AutoCloseable {

  private final DirectoryMember self;
  private final RemoteAgent agent;
  private final Exports exports;
  private final Imports imports;
  private final RemoteTransfers transfers;

  /** The part each exported tier is, by the index of the tier. */
  private final Map<Integer, Integer> partOfTier = new HashMap<>();

  /**
   * Registers what is lent.
   *
   * @param tiers the manager's, the fastest first
   * @param agent reaches peers
   * @param workerId this worker among others
   * @param fingerprint hash scheme, model, salt and shape of the blocks
   * @param options what is shared
   * @param environment what to run on
   */
  public Sharing(
      List<Tier> tiers,
      RemoteAgent agent,
      long workerId,
      long fingerprint,
      SharingOptions options,
      SharingEnvironment environment) {
    this.self = new DirectoryMember(agent.descriptor(), workerId, fingerprint);
    this.agent = agent;
    this.exports = new Exports(agent);
    this.imports = new Imports(self, agent, environment.layouts(), options.fetchTimeout());
    this.transfers = new RemoteTransfers(environment.transfers(), tiers, workerId);
    try {
      export(tiers, options);
    } catch (RuntimeException | Error e) {
      exports.close();
      throw e;
    }
  }

  private void export(List<Tier> tiers, SharingOptions options) {
    RemoteAccess access = options.writable() ? RemoteAccess.READ_WRITE : RemoteAccess.READ;
    for (int i = 0; i < tiers.size(); i++) {
      Tier tier = tiers.get(i);
      Layout layout = tier.pool().layout().orElse(null);
      if (layout != null && options.lend().contains(tier.level())) {
        int index = i;
        exports
            .add(tier.name(), layout, access)
            .ifPresent(part -> partOfTier.put(index, part));
      }
    }
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

  /** Ends references and takes back what was exported. Later calls do nothing. */
  @Override
  public void close() {
    try {
      imports.close();
    } finally {
      exports.close();
    }
  }
}
