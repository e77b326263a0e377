package io.kvbm.backend.remote.tcp;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.backend.remote.path.DataPath;
import io.kvbm.backend.remote.path.PathProvider;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The data path of an agent beside TCP, if it has one. A path is given up as a whole, and another
 * opened, when memory is to be freed and it cannot be known that no copy of a peer is on its way to
 * it: nothing else stops UCX over TCP from copying to an address that is mapped no more. A path
 * that has failed as a whole is replaced when it is next asked for. Threading: safe from any
 * thread.
 */
final class AgentPath implements AutoCloseable {

  private final String agent;
  private final @Nullable PathProvider provider;
  private final System.Logger logger;
  private volatile @Nullable DataPath current;
  private boolean closed;

  /** Opens the path. Throws BACKEND_UNAVAILABLE if it is required and cannot be. */
  AgentPath(
      String agent, Optional<PathProvider> provider, boolean isRequired, System.Logger logger) {
    this.agent = agent;
    this.provider = provider.orElse(null);
    this.logger = logger;
    current = provider.flatMap(PathProvider::open).orElse(null);
    if (current == null && provider.isPresent()) {
      String reason = provider.get().reason();
      if (isRequired) {
        throw new ConfigurationException(ErrorCode.BACKEND_UNAVAILABLE, reason);
      }
      logger.log(
          System.Logger.Level.WARNING,
          "agent ''{0}'' moves bytes over TCP alone: {1}",
          agent,
          reason);
    }
  }

  /** {@return the path now, or null; one that has failed is replaced} */
  @Nullable DataPath current() {
    DataPath path = current;
    if (path != null && !path.isUsable()) {
      retire(path, "it has failed");
      path = current;
    }
    return path;
  }

  /**
   * Takes an export that has ended from the path; nothing touches its memory after this. Closes the
   * path where it could: copies of all peers in flight on it fail, and they go on over TCP.
   */
  void settle(Export export) {
    DataPath unsafe = export.unsafePath();
    if (unsafe != null) {
      retire(unsafe, "a peer has not given up memory to be freed");
    }
    export.leavePath();
  }

  private void retire(DataPath old, String reason) {
    synchronized (this) {
      if (old == current) {
        current = null;
        old.close();
        logger.log(
            System.Logger.Level.WARNING,
            "agent ''{0}'' closes its data path {1}: {2}",
            agent,
            old.name(),
            reason);
        if (!closed && provider != null) {
          current = provider.open().orElse(null);
        }
      }
    }
    old.close(); // Somebody else may have begun to close it: wait for that.
  }

  @Override
  public void close() {
    DataPath last;
    synchronized (this) {
      closed = true;
      last = current;
      current = null;
    }
    if (last != null) {
      last.close();
    }
  }
}
