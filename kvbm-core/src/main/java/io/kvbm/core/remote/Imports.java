package io.kvbm.core.remote;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.block.BlockDescriptor;
import io.kvbm.api.block.BlockDescriptorList;
import io.kvbm.api.block.RemoteBlock;
import io.kvbm.api.block.SerializedBlockSet;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.remote.RemotePeer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The block sets callers imported, by worker. Threading: safe from any thread. */
final class Imports implements AutoCloseable {

  private final DirectoryMember self;
  private final RemoteAgent agent;
  private final Function<LayoutType, LayoutProvider> providers;
  private final Duration connectTimeout;
  private final Map<Long, ImportedSet> byWorker = new HashMap<>();

  Imports(
      DirectoryMember self,
      RemoteAgent agent,
      Function<LayoutType, LayoutProvider> providers,
      Duration connectTimeout) {
    this.self = self;
    this.agent = agent;
    this.providers = providers;
    this.connectTimeout = connectTimeout;
  }

  /** Checks a set, connects to its agent and keeps it. */
  BlockSet add(SerializedBlockSet serialized) {
    BlockSet set = BlockSet.of(serialized);
    requireForeign(set);
    requireSameBlocks(self, set);
    requireNew(set);
    RemotePeer peer = connect(set);
    ImportedSet replaced;
    synchronized (this) {
      requireNew(set); // somebody else may have been quicker
      replaced = byWorker.put(set.workerId(), new ImportedSet(set, peer, providers));
    }
    if (replaced != null) {
      replaced.close();
    }
    return set;
  }

  private void requireForeign(BlockSet set) {
    if (set.agent().name().equals(self.agent().name())) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "worker %d does not import its own block set (agent '%s'); its blocks are in its pools"
              .formatted(self.workerId(), set.agent().name()));
    }
    if (set.workerId() == self.workerId()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "agent '%s' is of worker %d, and so is this one; give each worker an id of its own"
              .formatted(set.agent().name(), set.workerId()));
    }
  }

  /** A set of other blocks is refused: their bytes would mean something else here. */
  static void requireSameBlocks(DirectoryMember self, BlockSet set) {
    if (set.fingerprint() != self.fingerprint()) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "blocks of worker %d have fingerprint %016x, ours %016x: hash scheme, model, salt and the shape of a block must be the same"
              .formatted(set.workerId(), set.fingerprint(), self.fingerprint()));
    }
  }

  private synchronized void requireNew(BlockSet set) {
    ImportedSet known = byWorker.get(set.workerId());
    if (known != null && known.isUsable() && known.isOf(set.agent())) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "the block set of agent '%s' of worker %d is imported already"
              .formatted(set.agent().name(), set.workerId()));
    }
    if (known != null
        && known.isUsable()
        && !known.set().agent().name().equals(set.agent().name())) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "worker %d is at agent '%s' and cannot be at '%s', too; give each worker an id of its own"
              .formatted(set.workerId(), known.set().agent().name(), set.agent().name()));
    }
  }

  private RemotePeer connect(BlockSet set) {
    for (RemotePeer peer : agent.peers()) {
      boolean isOther = peer.descriptor().generation() != set.agent().generation();
      if (isOther && peer.isConnected() && peer.descriptor().name().equals(set.agent().name())) {
        throw new TransientException(
            ErrorCode.DISCONNECTED,
            "the block set is of generation %016x of agent '%s', which runs as %016x; export it again"
                .formatted(
                    set.agent().generation(), set.agent().name(), peer.descriptor().generation()));
      }
    }
    return agent.connect(set.agent(), connectTimeout);
  }

  /** {@return references to blocks of one set} */
  List<RemoteBlock> blocks(BlockDescriptorList descriptors, boolean isMutable) {
    ImportedSet imported = of(descriptors.workerId());
    BlockSet.Part part = imported.part(descriptors.blockSet());
    if (isMutable && !part.isWritable()) {
      throw new CallerException(
          ErrorCode.NOT_ALLOWED,
          "worker %d lets nobody write its %s blocks; it would have to export them writable"
              .formatted(descriptors.workerId(), part.name()));
    }
    Layout layout = imported.layout(descriptors.blockSet());
    List<RemoteBlock> blocks = new ArrayList<>(descriptors.descriptors().size());
    for (BlockDescriptor one : descriptors.descriptors()) {
      if (one.blockId() < 0 || one.blockId() >= part.slots()) {
        throw new CallerException(
            ErrorCode.INVALID_BLOCK_INDEX,
            "block %d is outside the %d %s blocks of worker %d"
                .formatted(one.blockId(), part.slots(), part.name(), one.workerId()));
      }
      blocks.add(new ImportedBlock(one, layout, isMutable));
    }
    return List.copyOf(blocks);
  }

  private synchronized ImportedSet of(long workerId) {
    ImportedSet imported = byWorker.get(workerId);
    if (imported == null) {
      throw new CallerException(
          ErrorCode.NOT_FOUND,
          "no block set of worker %d is imported; there are those of %s"
              .formatted(workerId, byWorker.keySet().stream().sorted().toList()));
    }
    return imported;
  }

  /** A worker is gone: so are references to it. */
  void drop(DirectoryMember member) {
    ImportedSet known;
    synchronized (this) {
      known = byWorker.get(member.workerId());
    }
    if (known != null && known.isOf(member.agent())) {
      known.close(); // and kept: whoever asks for its blocks is told that it is gone
    }
  }

  @Override
  public void close() {
    List<ImportedSet> all;
    synchronized (this) {
      all = List.copyOf(byWorker.values());
      byWorker.clear();
    }
    all.forEach(ImportedSet::close);
  }
}
