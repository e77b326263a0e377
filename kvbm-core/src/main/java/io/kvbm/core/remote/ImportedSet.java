package io.kvbm.core.remote;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.ExportedStorage;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.storage.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A peer's block set with its storages mapped, each part when it is first used. Good for one
 * generation of the peer and as long as it is connected. Threading: safe from any thread.
 */
final class ImportedSet implements AutoCloseable {

  private final BlockSet set;
  private final RemotePeer peer;
  private final Function<LayoutType, LayoutProvider> providers;
  private final @Nullable Layout[] layouts;
  private boolean closed;

  ImportedSet(BlockSet set, RemotePeer peer, Function<LayoutType, LayoutProvider> providers) {
    this.set = set;
    this.peer = peer;
    this.providers = providers;
    this.layouts = new Layout[set.parts().size()];
  }

  BlockSet set() {
    return set;
  }

  RemotePeer peer() {
    return peer;
  }

  /** {@return whether it is of this run of the agent, and the agent can be reached} */
  boolean isUsable() {
    synchronized (this) {
      return !closed && peer.isConnected();
    }
  }

  boolean isOf(AgentDescriptor agent) {
    return set.agent().name().equals(agent.name())
        && set.agent().generation() == agent.generation();
  }

  BlockSet.Part part(int index) {
    if (index < 0 || index >= set.parts().size()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "worker %d has no block set %d; it exported %s"
              .formatted(
                  set.workerId(), index, set.parts().stream().map(BlockSet.Part::name).toList()));
    }
    return set.parts().get(index);
  }

  /**
   * {@return where the blocks of a part lie, over regions of the peer}
   *
   * @throws TransientException with {@link ErrorCode#DISCONNECTED} if the peer is gone
   */
  synchronized Layout layout(int index) {
    BlockSet.Part part = part(index);
    if (!isUsable()) {
      throw new TransientException(
          ErrorCode.DISCONNECTED,
          "agent '%s' of worker %d is gone; import its block set again when it is back"
              .formatted(set.agent().name(), set.workerId()));
    }
    Layout known = layouts[index];
    if (known == null) {
      known = bind(part);
      layouts[index] = known;
    }
    return known;
  }

  private Layout bind(BlockSet.Part part) {
    List<Storage> mapped = new ArrayList<>();
    try {
      for (ExportedStorage storage : part.storages()) {
        mapped.add(peer.map(storage));
      }
      return providers.apply(part.layout().type()).restore(part.layout(), mapped);
    } catch (RuntimeException e) {
      mapped.forEach(Storage::close);
      throw e;
    }
  }

  /** Ends the references; the peer stays connected. What moves bytes leases the storages. */
  @Override
  public synchronized void close() {
    closed = true;
    for (Layout layout : layouts) {
      if (layout != null) {
        for (int i = 0; i < layout.storageCount(); i++) {
          layout.storage(i).close();
        }
      }
    }
  }
}
