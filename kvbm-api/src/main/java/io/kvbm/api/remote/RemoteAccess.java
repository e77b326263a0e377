package io.kvbm.api.remote;

import io.kvbm.api.Stability;
import java.util.Set;

/**
 * What peers may do with an exported storage, and which of them.
 *
 * @param writable whether it may be written, too
 * @param peers the names of the agents that may use it; empty for every agent that has
 *     authenticated and knows the export
 */
@Stability(Stability.Level.PREVIEW)
public record RemoteAccess(boolean writable, Set<String> peers) {

  /** Every authenticated peer that knows the export may read. */
  public static final RemoteAccess READ = new RemoteAccess(false, Set.of());

  /** Every authenticated peer that knows the export may read and write. */
  public static final RemoteAccess READ_WRITE = new RemoteAccess(true, Set.of());

  /** Copies the set. */
  public RemoteAccess {
    peers = Set.copyOf(peers);
  }

  /**
   * {@return the same for the named peers only}
   *
   * @param names agents
   */
  public RemoteAccess onlyFor(Set<String> names) {
    return new RemoteAccess(writable, names);
  }

  /**
   * {@return whether a peer may use the export}
   *
   * @param peer the name it has authenticated as
   */
  public boolean admits(String peer) {
    return peers.isEmpty() || peers.contains(peer);
  }
}
