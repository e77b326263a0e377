package io.kvbm.backend.remote.tcp;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.remote.ExportedStorage;
import io.kvbm.api.remote.Loan;
import io.kvbm.api.remote.RemoteAccess;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.StorageType;
import io.kvbm.backend.remote.auth.Handshake;
import io.kvbm.backend.remote.path.DataPath;
import io.kvbm.backend.remote.path.PathExport;
import io.kvbm.backend.remote.wire.BodyWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What one peer has here: its connections, loans and reservations. Losing one connection ends all,
 * and gives everything back.
 */
final class Session {

  final long id;
  final String peer;
  final long generation;
  private final TcpAgent agent;
  private final Executor threads;
  private final Set<ServerStream> streams = ConcurrentHashMap.newKeySet();
  private final Map<Long, Loan> loans = new HashMap<>();
  private final Map<Long, Reserved> reserved = new HashMap<>();
  private final Map<ByteBuffer, Export> held = new HashMap<>();
  private final Set<CompletableFuture<Void>> freeing = ConcurrentHashMap.newKeySet();
  private final AtomicLong next = new AtomicLong(1);
  private boolean over;

  /** Memory the peer has reserved. */
  private record Reserved(Export export, Arena arena, MemoryBudget.Reservation budget) {}

  Session(long id, String peer, long generation, TcpAgent agent) {
    this.id = id;
    this.peer = peer;
    this.generation = generation;
    this.agent = agent;
    this.threads = agent.context().ioExecutor();
  }

  /** {@return whether the connection joined; false once the session is over} */
  synchronized boolean join(ServerStream stream) {
    return !over && streams.size() < 64 && streams.add(stream);
  }

  Set<ServerStream> streams() {
    return streams;
  }

  /** {@return the loan's number, or -1 where the session is over and the loan was closed} */
  long keep(Loan loan) {
    long number = next.getAndIncrement();
    synchronized (this) {
      if (!over) {
        loans.put(number, loan);
        agent.counters().lentBlocks.addAndGet(loan.blocks().size());
        return number;
      }
    }
    loan.close();
    return -1;
  }

  void giveBack(long number) {
    Loan loan;
    synchronized (this) {
      loan = loans.remove(number);
    }
    if (loan != null) {
      agent.counters().lentBlocks.addAndGet(-loan.blocks().size());
      threads.execute(loan::close);
    }
  }

  /** Memory granted: its number and the key of its export. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  record Grant(long number, byte[] key) {}

  /** Reserves zeroed memory for the peer, from the agent's offer. */
  Grant allocate(long byteSize, long alignment) {
    AllocationRequest request = new AllocationRequest(byteSize, alignment);
    awaitFreed();
    agent.takeOffer(byteSize);
    MemoryBudget.Reservation budget = null;
    Arena arena = Arena.ofShared();
    try {
      budget = agent.context().memoryBudget().reserve(byteSize);
      MemorySegment memory = arena.allocate(byteSize, Math.min(request.alignment(), 1 << 21));
      ExportedStorage exported =
          new ExportedStorage(Handshake.random(16), byteSize, StorageType.SYSTEM, true);
      Export export = new Export(exported, memory, RemoteAccess.READ_WRITE.onlyFor(Set.of(peer)));
      agent.exports().add(export);
      long number = reserve(export, arena, budget);
      return new Grant(number, exported.key());
    } catch (RuntimeException | OutOfMemoryError e) {
      arena.close();
      if (budget != null) {
        budget.close();
      }
      agent.giveBackOffer(byteSize);
      if (e instanceof OutOfMemoryError) {
        throw new CapacityException(
            ErrorCode.ALLOCATION_FAILED,
            "%d bytes requested, the machine has not so many".formatted(byteSize),
            byteSize,
            0);
      }
      throw e;
    }
  }

  /** {@return the reservation's number, or -1 where the session is over} */
  private long reserve(Export export, Arena arena, MemoryBudget.Reservation budget) {
    long number = next.getAndIncrement();
    synchronized (this) {
      if (!over) {
        reserved.put(number, new Reserved(export, arena, budget));
        return number;
      }
    }
    free(new Reserved(export, arena, budget));
    return -1;
  }

  void free(long number) {
    Reserved one;
    synchronized (this) {
      one = reserved.remove(number);
    }
    if (one != null) {
      free(one);
    }
  }

  @SuppressWarnings("CollectionUndefinedEquality") // the future itself is meant
  private void free(Reserved one) {
    CompletableFuture<Void> freed = new CompletableFuture<>();
    freeing.add(freed);
    agent.exports().remove(one.export);
    one.export.end(
        () ->
            threads.execute(
                () -> {
                  agent.path().settle(one.export);
                  one.arena.close();
                  one.budget.close();
                  agent.giveBackOffer(one.export.exported.byteSize());
                  freeing.remove(freed);
                  freed.complete(null);
                }));
  }

  /** What the peer freed before it asks for more counts as free. */
  private void awaitFreed() {
    try {
      CompletableFuture.allOf(freeing.toArray(new CompletableFuture<?>[0]))
          .orTimeout(agent.settings().requestTimeout().toNanos(), TimeUnit.NANOSECONDS)
          .join();
    } catch (CompletionException _) {
      // Then there is less to give.
    }
  }

  // ---- keys of the data path ----

  /** {@return the answer to a request for an export's key: 0 where the peer gets none} */
  byte[] pathKey(byte[] key) {
    Export export = agent.exports().find(key, peer);
    DataPath path = agent.path().current();
    if (export == null
        || path == null
        || export.exported.byteSize() == 0
        || !(export.access.writable() || agent.settings().ucx().trustPeers())) {
      return new byte[] {0};
    }
    synchronized (this) {
      if (over) {
        return new byte[] {0};
      }
      PathExport granted = export.grant(this, path);
      held.put(ByteBuffer.wrap(key), export);
      return new BodyWriter()
          .putByte(1)
          .putBytes(granted.key())
          .putLong(granted.address())
          .putLong(export.exported.byteSize())
          .putByte(export.access.writable() ? 1 : 0)
          .toBytes();
    }
  }

  /** The peer uses the key of an export no more. */
  void returned(byte[] key, boolean dirty) {
    Export export;
    synchronized (this) {
      export = held.remove(ByteBuffer.wrap(key));
    }
    if (export != null) {
      export.returned(this, dirty);
    }
  }

  /** The peer uses no key any more, and no copy is on its way. */
  void returnedAll() {
    List<Export> all;
    synchronized (this) {
      all = List.copyOf(held.values());
      held.clear();
    }
    all.forEach(export -> export.returned(this, false));
  }

  /** Ends it, as its peer does not answer. */
  void cut() {
    streams.forEach(stream -> stream.channel().close());
  }

  boolean isOnOwnLoop() {
    return streams.stream().anyMatch(stream -> stream.channel().eventLoop().inEventLoop());
  }

  /** A connection is gone. */
  void left(@Nullable ServerStream stream) {
    List<Long> lent;
    List<Reserved> kept;
    List<Export> unreturned;
    synchronized (this) {
      if (stream != null) {
        streams.remove(stream);
      }
      over = true;
      lent = new ArrayList<>(loans.keySet());
      kept = new ArrayList<>(reserved.values());
      reserved.clear();
      unreturned = List.copyOf(held.values());
      held.clear();
    }
    // Copies of a peer that is gone may still be on their way to this agent's data path.
    unreturned.forEach(export -> export.returned(this, true));
    agent.forget(this);
    streams.forEach(other -> other.channel().close());
    lent.forEach(this::giveBack);
    kept.forEach(this::free);
  }
}
