package io.kvbm.backend.remote.tcp;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.ExportedStorage;
import io.kvbm.api.remote.LentBlock;
import io.kvbm.api.remote.Loan;
import io.kvbm.api.remote.LoanRequest;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.remote.ShardMove;
import io.kvbm.api.remote.ShardOutcome;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.backend.remote.path.DataPath;
import io.kvbm.backend.remote.wire.BodyReader;
import io.kvbm.backend.remote.wire.BodyWriter;
import io.kvbm.backend.remote.wire.FrameType;
import io.kvbm.backend.remote.wire.MoveBodies;
import io.kvbm.backend.remote.wire.WireException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A peer, over several connections. Losing one of them loses the peer. */
final class Link implements RemotePeer {

  private final TcpAgent agent;
  private volatile AgentDescriptor descriptor;
  final List<ClientStream> streams = new CopyOnWriteArrayList<>();
  private final Set<ByteBuffer> revoked = ConcurrentHashMap.newKeySet();
  private final Set<CompletableFuture<Void>> freeing = ConcurrentHashMap.newKeySet();
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Reservations reservations = new Reservations();
  private volatile @Nullable KvbmException lost;
  private volatile @Nullable PeerPath path;
  private volatile boolean leaving;
  private volatile long idleMillis = 15_000;

  Link(TcpAgent agent, AgentDescriptor descriptor) {
    this.agent = agent;
    this.descriptor = descriptor;
  }

  void add(ClientStream stream) {
    streams.add(stream);
    KvbmException why = lost;
    if (why != null) { // a connection was lost before this one was there to be cut
      cut(why);
    }
  }

  void setIdleMillis(long millis) {
    idleMillis = Math.clamp(millis, 10, 86_400_000);
  }

  /** Notes which run of the agent answered. */
  void isOf(long generation) {
    if (descriptor.generation() != generation) {
      descriptor = new AgentDescriptor(descriptor.name(), generation, descriptor.endpoints());
    }
  }

  // ---- the data path ----

  /** Connects to the peer's data path where both have one; where not, TCP is used. */
  void openPath(long timeoutNanos) {
    DataPath own = agent.path().current();
    if (own == null) {
      return;
    }
    byte[] body = new BodyWriter().putText(own.name()).toBytes();
    try {
      byte[] answer = await(ask(FrameType.PATH, body, Duration.ofNanos(timeoutNanos)));
      byte[] address = new BodyReader(answer).getBytes(1 << 17);
      if (address.length > 0) {
        path = new PeerPath(agent, this, own.connect(address), own.name());
      }
    } catch (WireException | CorruptionException e) {
      throw new BackendException(
          ErrorCode.REMOTE,
          "agent '%s' has a data path that is none: %s"
              .formatted(descriptor.name(), e.getMessage()),
          e);
    } catch (ClosedException _) {
      // The own path was given up a moment ago: TCP it is.
    }
    if (lost != null) {
      endPath();
    }
  }

  @Nullable PeerPath path() {
    return path;
  }

  private void endPath() {
    PeerPath ending = path;
    if (ending != null) {
      ending.abandon();
    }
  }

  @Nullable KvbmException whyLost() {
    return lost;
  }

  // ---- signs of life ----

  void keepAlive() {
    long interval = TimeUnit.MILLISECONDS.toNanos(idleMillis) / 4;
    streams
        .getFirst()
        .channel()
        .eventLoop()
        .schedule(this::beat, Math.max(interval, 1_000_000), TimeUnit.NANOSECONDS);
  }

  private void beat() {
    if (lost != null) {
      return;
    }
    long heard = streams.stream().mapToLong(Connection::lastHeard).max().orElse(0);
    long idle = TimeUnit.MILLISECONDS.toNanos(idleMillis);
    if (System.nanoTime() - heard > idle) {
      cut(disconnected("gave no sign of life for %d ms".formatted(idleMillis)));
      return;
    }
    var _ = streams.getFirst().ask(FrameType.PING, new byte[0], idle);
    keepAlive();
  }

  private TransientException disconnected(String what) {
    return new TransientException(
        ErrorCode.DISCONNECTED, "agent '%s' %s; connect again".formatted(descriptor.name(), what));
  }

  void cut(KvbmException why) {
    for (ClientStream stream : streams) {
      stream.onLoop(() -> stream.cut(why), () -> {});
    }
  }

  /** A connection has ended: so do the others. */
  void lost(KvbmException why) {
    if (lost == null) {
      lost =
          why.code() == ErrorCode.DISCONNECTED
                  || why.code() == ErrorCode.NOT_ALLOWED
                  || why.code() == ErrorCode.CLOSED
              ? why
              : disconnected("is lost: " + why.getMessage());
      agent.forget(this);
      endPath();
    }
    cut(why);
  }

  /** The peer takes its exports back because it closes; it has as long as closing takes here. */
  void leaves() {
    if (leaving) {
      return;
    }
    leaving = true;
    var _ =
        streams
            .getFirst()
            .channel()
            .eventLoop()
            .schedule(
                () -> cut(disconnected("said that it closes and stayed")),
                agent.settings().drainTimeout().toNanos(),
                TimeUnit.NANOSECONDS);
  }

  void requireStaying() {
    if (leaving) {
      throw disconnected("is closing");
    }
  }

  /** Uses an export no more; tells when nothing of it is in flight on the data path. */
  void revoke(byte[] key, Consumer<Boolean> then) {
    revoked.add(ByteBuffer.wrap(key));
    leavePath(key, then);
  }

  private void leavePath(byte[] key, Consumer<Boolean> then) {
    PeerPath known = path;
    if (known == null) {
      then.accept(false);
    } else {
      known.end(key, then);
    }
  }

  /** Gives back memory reserved there, after its key of the data path. */
  @SuppressWarnings("CollectionUndefinedEquality") // the future itself is meant
  private void free(byte[] key, byte[] number) {
    CompletableFuture<Void> asked = new CompletableFuture<>();
    freeing.add(asked);
    leavePath(
        key,
        dirty -> {
          streams.getFirst().tellRevoked(key, dirty);
          var _ = ask(FrameType.FREE, number);
          freeing.remove(asked);
          asked.complete(null);
        });
  }

  /** What was closed here is given back before more is asked for. */
  private void awaitFreeing() {
    try {
      CompletableFuture.allOf(freeing.toArray(new CompletableFuture<?>[0]))
          .orTimeout(agent.settings().requestTimeout().toNanos(), TimeUnit.NANOSECONDS)
          .join();
    } catch (CompletionException _) {
      // Then the peer has less to give.
    }
  }

  /** An answer came after its time: what it grants is given back. */
  void unwanted(FrameType asked, byte[] answer) {
    boolean memory = asked == FrameType.ALLOCATE;
    if ((memory || asked == FrameType.BORROW) && lost == null) {
      try {
        byte[] number = new BodyWriter().putLong(new BodyReader(answer).getLong()).toBytes();
        var _ = ask(memory ? FrameType.FREE : FrameType.GIVE_BACK, number);
      } catch (WireException _) {
        // Too short to grant anything.
      }
    }
  }

  // ---- bytes ----

  /** {@return why the peer's memory cannot be used, or null if it can} */
  @Nullable KvbmException obstacle(byte[] key) {
    KvbmException why = lost;
    if (why != null) {
      return why;
    }
    if (!revoked.contains(ByteBuffer.wrap(key))) {
      return null;
    }
    return leaving
        ? disconnected("is closing")
        : new ClosedException(
            ErrorCode.CLOSED,
            "agent '%s' exports the storage no longer".formatted(descriptor.name()));
  }

  int partByteSize() {
    return Math.min(agent.settings().maxFrame(), streams.getFirst().peerFrame());
  }

  /** Sends parts by the data path where that reaches them, else over TCP. */
  void submit(List<DataRequest> requests) {
    PeerPath known = path;
    if (known == null || !known.isUsed()) {
      submitOverTcp(requests);
      return;
    }
    List<DataRequest> others = new ArrayList<>();
    for (DataRequest request : requests) {
      if (!known.take(request)) {
        others.add(request);
      }
    }
    known.wake();
    if (!others.isEmpty()) {
      submitOverTcp(others);
    }
  }

  void submitOverTcp(DataRequest request) {
    submitOverTcp(List.of(request));
  }

  /** Spreads parts over the connections. */
  private void submitOverTcp(List<DataRequest> requests) {
    int count = streams.size();
    int first = Math.floorMod(next.getAndIncrement(), count);
    if (requests.size() == 1 || count == 1) {
      streams.get(first).submit(requests);
      return;
    }
    for (int i = 0; i < Math.min(count, requests.size()); i++) {
      List<DataRequest> share = new ArrayList<>(requests.size() / count + 1);
      for (int j = i; j < requests.size(); j += count) {
        share.add(requests.get(j));
      }
      streams.get((first + i) % count).submit(share);
    }
  }

  void fill(byte[] key, byte value, long offset, long length) {
    BodyWriter body = new BodyWriter().putBytes(key).putLong(offset).putLong(length);
    await(ask(FrameType.FILL, body.putByte(value).toBytes()));
  }

  CompletableFuture<byte[]> ask(FrameType type, byte[] body) {
    return ask(type, body, agent.settings().requestTimeout());
  }

  private CompletableFuture<byte[]> ask(FrameType type, byte[] body, Duration timeout) {
    return streams.getFirst().ask(type, body, timeout.toNanos());
  }

  private byte[] await(CompletableFuture<byte[]> answer) {
    try {
      return answer.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof KvbmException known
          ? known
          : new BackendException(ErrorCode.REMOTE, "a request failed", e);
    }
  }

  // ---- RemotePeer ----

  @Override
  public AgentDescriptor descriptor() {
    return descriptor;
  }

  @Override
  public boolean isConnected() {
    return lost == null && !leaving;
  }

  @Override
  public String transport() {
    PeerPath known = path;
    return known != null && known.isUsed() ? known.name() : "tcp";
  }

  @Override
  public Storage map(ExportedStorage exported) {
    KvbmException why = lost;
    if (why != null) {
      throw why;
    }
    byte[] key = exported.key();
    reach(key);
    return new MappedStorage(this, key, exported.byteSize(), () -> {});
  }

  private void reach(byte[] key) {
    PeerPath known = path;
    if (known != null) {
      known.reach(key);
    }
  }

  @Override
  public StorageAllocator allocator() {
    return reservations;
  }

  /** Memory of the peer, reserved. */
  private final class Reservations implements StorageAllocator {
    @Override
    public String storageKind() {
      return "remote";
    }

    @Override
    public Storage allocate(AllocationRequest request) {
      if (agent.isClosed()) {
        throw new ClosedException(ErrorCode.CLOSED, "agent '%s' is closed".formatted(agent.name()));
      }
      awaitFreeing();
      BodyWriter body = new BodyWriter().putLong(request.byteSize()).putLong(request.alignment());
      try {
        BodyReader answer = new BodyReader(await(ask(FrameType.ALLOCATE, body.toBytes())));
        byte[] number = new BodyWriter().putLong(answer.getLong()).toBytes();
        byte[] key = answer.getBytes(64);
        reach(key);
        return new MappedStorage(Link.this, key, request.byteSize(), () -> free(key, number));
      } catch (WireException e) {
        throw new BackendException(ErrorCode.REMOTE, e.getMessage(), e);
      }
    }
  }

  @Override
  public CompletionStage<Loan> borrow(LoanRequest request) {
    BodyWriter body = new BodyWriter();
    body.putLong(request.fingerprint()).putLong(nanos(request.timeout()));
    body.putInt(request.keys().size());
    request.keys().forEach(key -> body.putLong(key.hi()).putLong(key.lo()));
    return later(ask(FrameType.BORROW, body.toBytes(), request.timeout()), this::loan);
  }

  private Loan loan(BodyReader answer) throws WireException {
    long number = answer.getLong();
    int count = answer.getCount(32);
    List<LentBlock> blocks = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      BlockKey key = new BlockKey(answer.getLong(), answer.getLong());
      blocks.add(new LentBlock(key, answer.getInt(), answer.getInt(), answer.getLong()));
    }
    AtomicBoolean returned = new AtomicBoolean();
    return new Loan() {
      @Override
      public List<LentBlock> blocks() {
        return List.copyOf(blocks);
      }

      @Override
      public void close() {
        if (!returned.getAndSet(true) && lost == null) {
          var _ = ask(FrameType.GIVE_BACK, new BodyWriter().putLong(number).toBytes());
        }
      }
    };
  }

  @Override
  public CompletionStage<ShardOutcome> move(ShardMove move) {
    return later(
        ask(FrameType.MOVE, MoveBodies.move(move), move.timeout()),
        body -> MoveBodies.readOutcome(descriptor.name(), body));
  }

  @Override
  public CompletionStage<byte[]> blockSet(Duration timeout) {
    requireTime(timeout);
    return leaveLoop(ask(FrameType.BLOCK_SET, new byte[0], timeout));
  }

  /** Reads an answer's body. */
  private interface Reading<T> {
    T read(BodyReader body) throws WireException;
  }

  private <T> CompletionStage<T> later(CompletableFuture<byte[]> answer, Reading<T> reading) {
    return leaveLoop(answer)
        .thenApply(
            bytes -> {
              try {
                return reading.read(new BodyReader(bytes));
              } catch (WireException | KvbmException e) {
                throw new BackendException(
                    ErrorCode.REMOTE,
                    "agent '%s' answers what is no answer: %s"
                        .formatted(descriptor.name(), e.getMessage()),
                    e);
              }
            });
  }

  /** What callers attach to an answer must not run on an event loop. */
  private CompletableFuture<byte[]> leaveLoop(CompletableFuture<byte[]> answer) {
    CompletableFuture<byte[]> outside = new CompletableFuture<>();
    answer.whenCompleteAsync(
        (bytes, failure) -> {
          if (failure == null) {
            outside.complete(bytes);
          } else {
            outside.completeExceptionally(failure);
          }
        },
        agent.context().ioExecutor());
    return outside;
  }

  private static long nanos(Duration time) {
    return time.compareTo(Duration.ofDays(365)) > 0
        ? Duration.ofDays(365).toNanos()
        : time.toNanos();
  }

  private static void requireTime(Duration timeout) {
    if (timeout.isNegative() || timeout.isZero()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "a time above 0 is needed, got " + timeout);
    }
  }

  @Override
  public long ping(Duration timeout) {
    requireTime(timeout);
    long start = System.nanoTime();
    await(ask(FrameType.PING, new byte[0], timeout));
    return System.nanoTime() - start;
  }

  /** Returns when every connection is closed and touches no memory. */
  void closeNow() {
    lost(
        agent.isClosed()
            ? new ClosedException(ErrorCode.CLOSED, "agent '%s' is closed".formatted(agent.name()))
            : disconnected("was disconnected here"));
    for (ClientStream stream : streams) {
      if (!stream.channel().eventLoop().inEventLoop()) {
        stream.channel().closeFuture().awaitUninterruptibly(10, TimeUnit.SECONDS);
      }
    }
    PeerPath known = path;
    if (known != null) {
      known.close();
    }
  }

  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    long end = System.nanoTime() + agent.settings().drainTimeout().toNanos();
    List<CompletableFuture<?>> drains = new ArrayList<>();
    for (ClientStream stream : streams) {
      if (lost == null && !stream.channel().eventLoop().inEventLoop()) {
        drains.add(stream.whenIdle());
      }
    }
    PeerPath known = path;
    if (known != null) {
      drains.add(known.drain());
    }
    try {
      CompletableFuture.allOf(drains.toArray(new CompletableFuture<?>[0]))
          .orTimeout(Math.max(1, end - System.nanoTime()), TimeUnit.NANOSECONDS)
          .join();
    } catch (CompletionException _) {
      // What has not ended by now is cut.
    }
    if (known != null && lost == null && known.isClean()) {
      sayFarewell(Math.max(1, end - System.nanoTime()));
    }
    closeNow();
  }

  /** Tells the peer that no copy is on its way to its memory: it need not give up its path. */
  private void sayFarewell(long timeoutNanos) {
    ClientStream first = streams.getFirst();
    if (!first.channel().eventLoop().inEventLoop()) {
      try {
        byte[] nobody = new BodyWriter().putText("").toBytes();
        first.ask(FrameType.PATH, nobody, timeoutNanos).join();
      } catch (CompletionException _) {
        // Then the peer has to be careful.
      }
    }
  }

  @Override
  public String toString() {
    return "peer %s over %s, %s"
        .formatted(descriptor.name(), transport(), isConnected() ? "connected" : "disconnected");
  }
}
