package io.kvbm.backend.remote;

import io.kvbm.api.Stability;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import java.util.Objects;

/**
 * Reserves memory of one peer; the specification's {@code NixlAllocator}. Threading: safe from any
 * thread.
 */
@Stability(Stability.Level.PREVIEW)
public final class RemoteAllocator implements StorageAllocator {

  private final RemoteAgent agent;
  private final StorageAllocator allocator;

  /**
   * Allocates from a peer.
   *
   * @param agent who connected to it; stays the caller's
   * @param peer whose memory; stays the agent's
   */
  public RemoteAllocator(RemoteAgent agent, RemotePeer peer) {
    this.agent = Objects.requireNonNull(agent, "agent");
    this.allocator = peer.allocator();
  }

  /** {@return who connected to the peer} */
  public RemoteAgent agent() {
    return agent;
  }

  @Override
  public String storageKind() {
    return allocator.storageKind();
  }

  @Override
  public Storage allocate(AllocationRequest request) {
    return allocator.allocate(request);
  }
}
