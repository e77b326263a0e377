package io.kvbm.backend.remote.provider;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.remote.AgentFactory;
import io.kvbm.api.remote.DirectoryFactory;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.transfer.Transport;
import io.kvbm.backend.remote.AgentSettings;
import io.kvbm.backend.remote.tcp.RemoteTransport;
import io.kvbm.backend.remote.tcp.Sockets;
import io.kvbm.backend.remote.tcp.TcpAgent;
import java.util.ArrayList;
import java.util.List;

/** The open backend. */
final class RemoteBackend implements Backend {

  private final BackendContext context;
  private final AgentSettings settings;
  private final List<DirectoryFactory> directories;
  private final Sockets sockets;
  private final List<TcpAgent> agents = new ArrayList<>();
  private final List<AgentFactory> factories = List.of(this::open);
  private final List<Transport> transports = List.of(new RemoteTransport());
  private boolean closed;

  RemoteBackend(
      BackendContext context, AgentSettings settings, List<DirectoryFactory> directories) {
    this.context = context;
    this.settings = settings;
    this.directories = directories;
    this.sockets = new Sockets(settings);
  }

  private RemoteAgent open(String name) {
    synchronized (agents) {
      if (closed) {
        throw new ClosedException(ErrorCode.CLOSED, "the remote backend is closed");
      }
      TcpAgent agent = new TcpAgent(name, context, settings, sockets, settings.pathProvider());
      agents.removeIf(TcpAgent::isClosed);
      agents.add(agent);
      return agent;
    }
  }

  @Override
  public List<AgentFactory> agents() {
    return factories;
  }

  @Override
  public List<DirectoryFactory> directories() {
    return directories;
  }

  @Override
  public List<Transport> transports() {
    return transports;
  }

  @Override
  public void close() {
    List<TcpAgent> open;
    synchronized (agents) {
      if (closed) {
        return;
      }
      closed = true;
      open = List.copyOf(agents);
      agents.clear();
    }
    try {
      open.forEach(TcpAgent::close);
    } finally {
      sockets.close();
    }
  }
}
