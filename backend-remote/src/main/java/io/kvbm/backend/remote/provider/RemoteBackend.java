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
import io.kvbm.backend.remote.path.PathProvider;
import io.kvbm.backend.remote.tcp.RemoteTransport;
import io.kvbm.backend.remote.tcp.Sockets;
import io.kvbm.backend.remote.tcp.TcpAgent;
import io.kvbm.backend.remote.ucx.UcxOptions;
import io.kvbm.backend.remote.ucx.UcxProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The open backend. */
final class RemoteBackend implements Backend {

  private final BackendContext context;
  private final AgentSettings settings;
  private final UcxOptions ucx;
  private final List<DirectoryFactory> directories;
  private final Sockets sockets;
  private final List<TcpAgent> agents = new ArrayList<>();
  private final List<AgentFactory> factories = List.of(this::open);
  private final List<Transport> transports = List.of(new RemoteTransport());
  private boolean closed;

  RemoteBackend(
      BackendContext context,
      AgentSettings settings,
      UcxOptions ucx,
      List<DirectoryFactory> directories) {
    this.context = context;
    this.settings = settings;
    this.ucx = ucx;
    this.directories = directories;
    this.sockets = new Sockets(settings);
  }

  /** {@return what opens the data path beside TCP; empty where none is wanted} */
  private Optional<PathProvider> paths() {
    String transport = settings.transport();
    return transport.equals("ucx") || transport.equals("auto") && settings.ucx().isNamed()
        ? Optional.of(new UcxProvider(ucx))
        : Optional.empty();
  }

  private RemoteAgent open(String name) {
    synchronized (agents) {
      if (closed) {
        throw new ClosedException(ErrorCode.CLOSED, "the remote backend is closed");
      }
      TcpAgent agent = new TcpAgent(name, context, settings, sockets, paths());
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
