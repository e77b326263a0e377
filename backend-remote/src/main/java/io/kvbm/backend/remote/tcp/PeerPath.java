package io.kvbm.backend.remote.tcp;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.backend.remote.path.PathMemory;
import io.kvbm.backend.remote.path.PathPeer;
import io.kvbm.backend.remote.wire.BodyReader;
import io.kvbm.backend.remote.wire.BodyWriter;
import io.kvbm.backend.remote.wire.FrameType;
import io.kvbm.backend.remote.wire.WireException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The data path to one peer. A copy goes by it where the peer gave the key of the memory and allows
 * the copy; all others go over TCP, where the peer says what is wrong with them. Once the path has
 * failed it stays so: what is in flight fails, what waits and what comes goes over TCP. Threading:
 * safe from any thread; outcomes are told on the platform's threads, but on the path's own where it
 * is to spin, as waking another takes longer than a small copy.
 */
final class PeerPath implements TcpAgent.Starved {

  private final TcpAgent agent;
  private final Link link;
  private final PathPeer peer;
  private final String name;
  private final int mostInFlight;
  private final Map<ByteBuffer, Reach> reaches = new ConcurrentHashMap<>();
  private final Queue<DataRequest> queue = new ConcurrentLinkedQueue<>();
  private final Queue<CompletableFuture<Void>> drains = new ConcurrentLinkedQueue<>();
  private final AtomicInteger pumping = new AtomicInteger();
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicBoolean closing = new AtomicBoolean();
  private final AtomicBoolean measuring = new AtomicBoolean();
  private final Outcomes background;
  private final Outcomes outcomes;
  private volatile boolean preferred;
  private volatile boolean decided;
  private volatile boolean over;
  private volatile boolean dirty;

  PeerPath(TcpAgent agent, Link link, PathPeer peer, String name) {
    this.agent = agent;
    this.link = link;
    this.peer = peer;
    this.name = name;
    this.mostInFlight = agent.settings().ucx().maxInFlight();
    this.background = new Outcomes(agent.context().ioExecutor());
    this.outcomes = agent.settings().ucx().busyPoll() ? new Outcomes(Runnable::run) : background;
    this.preferred = agent.settings().transport().equals(name);
  }

  String name() {
    return name;
  }

  /** {@return whether copies go by it now} */
  boolean isUsed() {
    return preferred && isUsable();
  }

  boolean isUsable() {
    return !over && peer.isConnected();
  }

  /** Notes which is faster, it or TCP. */
  void decide(boolean isFaster) {
    preferred = isFaster;
    decided = true;
  }

  boolean isDecided() {
    return decided;
  }

  // ---- keys ----

  /** Asks for the key of an export, unless that was done; until it is there TCP is used. */
  void reach(byte[] key) {
    Reach reach = new Reach();
    if (!isUsable() || reaches.putIfAbsent(ByteBuffer.wrap(key), reach) != null) {
      return;
    }
    link.ask(FrameType.PATH_KEY, new BodyWriter().putBytes(key).toBytes())
        .whenComplete(
            (answer, _) -> {
              if (answer != null) {
                open(key, reach, new BodyReader(answer));
              }
              reach.leave(false);
            });
  }

  private void open(byte[] key, Reach reach, BodyReader answer) {
    try {
      if (answer.getByte() == 0) {
        return;
      }
      byte[] pathKey = answer.getBytes(1 << 17);
      long address = answer.getLong();
      long byteSize = answer.getLong();
      boolean writable = answer.getByte() != 0;
      reach.open(peer.open(pathKey, address, byteSize), writable);
      if (!preferred && byteSize >= Contest.LEAST_BYTES && !measuring.getAndSet(true)) {
        new Contest(agent, link, this, key, byteSize).begin();
      }
    } catch (WireException | KvbmException e) {
      agent
          .context()
          .logger()
          .log(
              System.Logger.Level.WARNING,
              "agent ''{0}'' gives no key of path {1}: {2}",
              link.descriptor().name(),
              name,
              e.getMessage());
    }
  }

  /** Begins no copies of an export any more; tells when none is in flight, and if it is dirty. */
  void end(byte[] key, Consumer<Boolean> then) {
    // It stays there: every connection asks, and each has to be told the same.
    Reach reach = reaches.get(ByteBuffer.wrap(key));
    if (reach == null) {
      then.accept(false);
    } else {
      reach.end(then);
    }
  }

  // ---- copies ----

  /** {@return whether the copy goes by the path; then {@link #wake} begins it} */
  boolean take(DataRequest request) {
    return preferred && takeAnyway(request);
  }

  boolean takeAnyway(DataRequest request) {
    return covers(request) && queue.add(request);
  }

  /** {@return whether the copy can go by the path} */
  boolean covers(DataRequest request) {
    if (!isUsable() || !request.local.isNative()) {
      return false;
    }
    Reach reach = reaches.get(ByteBuffer.wrap(request.key));
    return reach != null && reach.covers(request);
  }

  /** Begins copies that wait, as far as there is room. */
  @Override
  public void wake() {
    if (pumping.getAndIncrement() > 0) {
      return;
    }
    int seen = 1;
    do {
      while (beginNext()) {
        // until nothing waits or there is no room
      }
      seen = pumping.addAndGet(-seen);
    } while (seen != 0);
    if (queue.isEmpty() && inFlight.get() == 0) {
      for (var drain = drains.poll(); drain != null; drain = drains.poll()) {
        drain.complete(null);
      }
    }
  }

  private boolean beginNext() {
    DataRequest next = queue.peek();
    if (next == null) {
      return false;
    }
    if (next.batch.isUnwanted(next.block)) {
      queue.remove();
      outcomes.tell(next::skipped);
      return true;
    }
    if (!isUsable()) {
      queue.remove();
      link.submitOverTcp(next);
      return true;
    }
    if (inFlight.get() >= mostInFlight || !agent.takeRoom(next.byteSize(), this)) {
      return false;
    }
    queue.remove();
    inFlight.incrementAndGet();
    begin(next);
    return true;
  }

  private void begin(DataRequest request) {
    Reach reach = reaches.get(ByteBuffer.wrap(request.key));
    PathMemory memory = reach == null ? null : reach.enter();
    if (reach == null || memory == null) {
      leave(request);
      link.submitOverTcp(request); // which says that the export has ended
    } else if (request.read) {
      peer.read(memory, request.offset, request.local, why -> ended(request, reach, why));
    } else {
      peer.write(request.local, memory, request.offset, why -> ended(request, reach, why));
    }
  }

  private void leave(DataRequest request) {
    inFlight.decrementAndGet();
    agent.giveRoom(request.byteSize());
  }

  private void ended(DataRequest request, Reach reach, @Nullable KvbmException failure) {
    boolean untouched =
        failure == null
            || failure instanceof CallerException
            || failure.code() == ErrorCode.QUEUE_FULL;
    dirty |= !untouched;
    reach.leave(!untouched);
    leave(request);
    if (failure == null) {
      (request.read ? agent.counters().bytesRead : agent.counters().bytesWritten)
          .add(request.byteSize());
      outcomes.tell(request::moved);
    } else if (untouched) {
      link.submitOverTcp(request);
    } else {
      KvbmException why = link.whyLost();
      outcomes.tell(() -> request.failed(why == null ? failure : why));
      if (!peer.isConnected()) {
        abandon();
      }
    }
    wake();
  }

  // ---- the end ----

  /** Begins no copies any more. {@return completes when nothing is in flight} */
  CompletableFuture<Void> drain() {
    over = true;
    CompletableFuture<Void> drained = new CompletableFuture<>();
    drains.add(drained);
    wake();
    return drained;
  }

  /** {@return whether every copy there was has ended at the peer, too} */
  boolean isClean() {
    return !dirty && inFlight.get() == 0;
  }

  /** Ends it soon, from any thread. */
  void abandon() {
    over = true;
    if (!closing.getAndSet(true)) {
      background.tell(this::close);
    }
  }

  /** Ends it; nothing touches any memory after this. */
  void close() {
    over = true;
    peer.close();
    wake();
  }
}
