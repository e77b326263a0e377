package io.kvbm.backend.remote.tcp;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.AgentEndpoint;
import io.kvbm.api.remote.AgentStatistics;
import io.kvbm.api.remote.ExportedStorage;
import io.kvbm.api.remote.PeerService;
import io.kvbm.api.remote.RemoteAccess;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.remote.RemoteRegistration;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.RegistrableStorage;
import io.kvbm.backend.remote.AgentSettings;
import io.kvbm.backend.remote.auth.Handshake;
import io.kvbm.backend.remote.path.PathProvider;
import io.kvbm.backend.remote.wire.BodyWriter;
import io.kvbm.backend.remote.wire.FrameType;
import io.netty.channel.Channel;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** An agent over TCP. */
public final class TcpAgent implements RemoteAgent {

  private static final Set<String> NAMES = ConcurrentHashMap.newKeySet();

  private final BackendContext context;
  private final AgentSettings settings;
  private final Sockets sockets;
  private final AgentDescriptor descriptor;
  private final Channel listener;
  private final Counters counters = new Counters();
  private final AgentPath path;
  private final Exports exports = new Exports();
  private final Map<Long, Session> sessions = new ConcurrentHashMap<>();
  private final Set<ServerStream> serving = ConcurrentHashMap.newKeySet();
  private final Links links;
  private final Map<Registration, RegistrableStorage> registrations = new ConcurrentHashMap<>();
  private final Set<Starved> starved = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Object givenBack = new Object();
  private volatile @Nullable PeerService service;

  /**
   * Opens an agent.
   *
   * @param name its name
   * @param context what the platform lends
   * @param settings of the backend
   * @param sockets of the backend
   * @param paths opens the data path beside TCP; empty for none
   */
  public TcpAgent(
      String name,
      BackendContext context,
      AgentSettings settings,
      Sockets sockets,
      Optional<PathProvider> paths) {
    this.context = context;
    this.settings = settings;
    this.sockets = sockets;
    this.links = new Links(this, sockets);
    long generation = ByteBuffer.wrap(Handshake.random(8)).getLong() | 1;
    AgentDescriptor unbound = new AgentDescriptor(name, generation, List.of());
    if (!NAMES.add(name)) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "an agent '%s' is open in this process".formatted(name));
    }
    AgentPath opened = null;
    try {
      opened = new AgentPath(name, paths, settings.transport().equals("ucx"), context.logger());
      path = opened;
      listener = sockets.listen(settings, this::accept);
    } catch (RuntimeException e) {
      if (opened != null) {
        opened.close();
      }
      NAMES.remove(name);
      throw e;
    }
    descriptor =
        new AgentDescriptor(
            unbound.name(),
            generation,
            List.of(new AgentEndpoint("tcp", sockets.address(settings, listener))));
  }

  private @Nullable Connection accept() {
    ServerStream stream = new ServerStream(this);
    if (closed.get() || serving.size() >= settings.maxConnections()) {
      counters.refused.increment();
      return null;
    }
    serving.add(stream);
    return stream;
  }

  void connectionEnded(ServerStream stream) {
    serving.remove(stream);
  }

  BackendContext context() {
    return context;
  }

  AgentSettings settings() {
    return settings;
  }

  Counters counters() {
    return counters;
  }

  AgentPath path() {
    return path;
  }

  Exports exports() {
    return exports;
  }

  @Nullable PeerService service() {
    return service;
  }

  /** {@return whether it was closed} */
  public boolean isClosed() {
    return closed.get();
  }

  boolean isPeer(Channel channel, String name) {
    return sockets.isPeer(channel, name);
  }

  // ---- sessions ----

  /** {@return the session a peer joins or begins, null where there is none to join} */
  @Nullable Session session(Hello hello) {
    if (hello.session() != 0) {
      Session known = sessions.get(hello.session());
      return known != null
              && known.peer.equals(hello.name())
              && known.generation == hello.generation()
          ? known
          : null;
    }
    long id = ByteBuffer.wrap(Handshake.random(8)).getLong() | 1;
    Session session = new Session(id, hello.name(), hello.generation(), this);
    sessions.put(id, session);
    return session;
  }

  void forget(Session session) {
    sessions.remove(session.id);
  }

  void takeOffer(long byteSize) {
    long taken =
        counters.reservedBytes.getAndUpdate(
            now -> byteSize <= settings.offer() - now ? now + byteSize : now);
    if (byteSize > settings.offer() - taken) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "%d bytes requested, %d of the offer of %d are free; free some or ask for less"
              .formatted(byteSize, settings.offer() - taken, settings.offer()),
          byteSize,
          settings.offer() - taken);
    }
  }

  void giveBackOffer(long byteSize) {
    counters.reservedBytes.addAndGet(-byteSize);
    synchronized (givenBack) {
      givenBack.notifyAll();
    }
  }

  // ---- bytes in flight ----

  /** Waits for room for bytes in flight. */
  interface Starved {
    /** There may be some now; called on any thread. */
    void wake();
  }

  /** {@return whether there is room; if not, the stream is woken when some is given back} */
  boolean takeRoom(int byteSize, Starved stream) {
    if (tryTake(byteSize)) {
      return true;
    }
    starved.add(stream);
    if (!tryTake(byteSize)) {
      return false;
    }
    starved.remove(stream);
    return true;
  }

  private boolean tryTake(int byteSize) {
    long most = settings.maxInFlight();
    long before =
        counters.inFlight.getAndUpdate(now -> byteSize <= most - now ? now + byteSize : now);
    return byteSize <= most - before;
  }

  void giveRoom(int byteSize) {
    counters.inFlight.addAndGet(-byteSize);
    if (!starved.isEmpty()) {
      for (Starved stream : List.copyOf(starved)) {
        if (starved.remove(stream)) {
          stream.wake();
        }
      }
    }
  }

  // ---- RemoteAgent ----

  @Override
  public String name() {
    return descriptor.name();
  }

  @Override
  public AgentDescriptor descriptor() {
    return descriptor;
  }

  @Override
  public ExportedStorage register(RegistrableStorage storage, RemoteAccess access) {
    requireOpen();
    if (!(storage.region() instanceof Region.HostRegion host) || !host.segment().isNative()) {
      throw new CallerException(
          ErrorCode.UNSUPPORTED,
          "%s storage cannot be exported over tcp; host memory can".formatted(storage.type()));
    }
    if (access.writable() && host.segment().isReadOnly()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "the storage is read-only, it cannot be exported writable");
    }
    ExportedStorage exported =
        new ExportedStorage(
            Handshake.random(16), storage.byteSize(), storage.type(), access.writable());
    Registration registration =
        new Registration(this, new Export(exported, host.segment(), access));
    storage.register(RemoteRegistration.KEY, registration);
    registrations.put(registration, storage);
    counters.registeredBytes.addAndGet(exported.byteSize());
    registration.begin();
    if (closed.get()) {
      release(registration, storage);
      requireOpen();
    }
    return exported;
  }

  /** An export has ended; {@return when nobody uses its memory any more} */
  boolean withdraw(Export export) {
    byte[] body =
        new BodyWriter().putBytes(export.exported.key()).putByte(closed.get() ? 1 : 0).toBytes();
    for (ServerStream stream : serving) {
      Session peer = stream.session();
      if (peer != null && export.access.admits(peer.peer)) {
        stream.tell(FrameType.REVOKE, body);
      }
    }
    boolean idle = export.endAndWait(settings.drainTimeout().toNanos());
    path.settle(export);
    return idle;
  }

  void forget(Registration registration) {
    registrations.remove(registration);
    counters.registeredBytes.addAndGet(-registration.exported().byteSize());
  }

  private static void release(Registration registration, RegistrableStorage storage) {
    if (storage.registrationHandle(RemoteRegistration.KEY).orElse(null) == registration) {
      try {
        storage.unregister(RemoteRegistration.KEY);
      } catch (CallerException _) {
        // Whoever closed the storage was faster.
      }
    }
  }

  @Override
  public RemotePeer connect(AgentDescriptor target, Duration timeout) {
    requireOpen();
    return links.connect(target, timeout);
  }

  void forget(Link link) {
    links.forget(link);
  }

  @Override
  public List<RemotePeer> peers() {
    return links.connected();
  }

  @Override
  public void serve(@Nullable PeerService next) {
    service = next;
  }

  @Override
  public AgentStatistics statistics() {
    return new AgentStatistics(
        counters.connections.get(),
        counters.registeredBytes.get(),
        counters.reservedBytes.get(),
        counters.lentBlocks.get(),
        counters.bytesRead.sum(),
        counters.bytesWritten.sum(),
        counters.bytesServed.sum(),
        counters.refused.sum(),
        counters.corrupt.sum());
  }

  void requireOpen() {
    if (closed.get()) {
      throw new ClosedException(ErrorCode.CLOSED, "agent '%s' is closed".formatted(name()));
    }
  }

  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    listener.close().awaitUninterruptibly(5, TimeUnit.SECONDS);
    peers().forEach(RemotePeer::close);
    registrations.forEach(TcpAgent::release);
    for (ServerStream stream : serving) {
      if (stream.hasChannel()) {
        stream.channel().close().awaitUninterruptibly(5, TimeUnit.SECONDS);
      }
    }
    List.copyOf(sessions.values()).forEach(session -> session.left(null));
    awaitGivenBack();
    path.close();
    NAMES.remove(name());
  }

  /** What peers had reserved is freed by other threads; the budget has it back after closing. */
  private void awaitGivenBack() {
    long end = System.nanoTime() + settings.drainTimeout().toNanos();
    boolean interrupted = false;
    synchronized (givenBack) {
      long left = settings.drainTimeout().toNanos();
      while (counters.reservedBytes.get() > 0 && left > 0) {
        try {
          TimeUnit.NANOSECONDS.timedWait(givenBack, left);
        } catch (InterruptedException _) {
          interrupted = true;
        }
        left = end - System.nanoTime();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String toString() {
    return "agent %s at %s".formatted(name(), descriptor.endpoints());
  }
}
