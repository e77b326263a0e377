package io.kvbm.backend.remote.ucx;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.backend.remote.path.PathCompletion;
import io.kvbm.backend.remote.path.PathMemory;
import io.kvbm.backend.remote.path.PathPeer;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A peer, with its endpoint. What has no lock belongs to the path's thread. */
final class UcxPeer implements PathPeer {

  final long id;
  final byte[] address;
  final Set<UcxRemoteMemory> opened = new LinkedHashSet<>();
  final CountDownLatch ended = new CountDownLatch(1);
  List<UcxCopy> written = new ArrayList<>();
  long endpoint;
  long closeRequest;
  int active;

  /** Whether the connection stands: a request has ended, or UCX has told of its failure. */
  boolean isWired;

  /** Whether the last flush was begun, and whether it has ended. */
  boolean isFlushing;

  boolean isFlushed;

  /** When the endpoint is closed at the latest, by {@link System#nanoTime}; 0 if not closing. */
  long closeBy;

  private final UcxEngine engine;
  private final UUID path;
  private volatile int failure;
  private volatile boolean closed;

  UcxPeer(UcxEngine engine, long id, UcxFrame address) {
    this.engine = engine;
    this.id = id;
    this.path = address.path();
    this.address = address.payload();
  }

  String label() {
    return "UCX peer " + path;
  }

  /** Notes that the connection is no more; the first reason stays. */
  void fail(int status) {
    if (failure == UcxStatus.OK) {
      failure = status;
    }
  }

  boolean isClosed() {
    return closed;
  }

  boolean hasFailed() {
    return failure != UcxStatus.OK;
  }

  boolean isUsable() {
    return !closed && failure == UcxStatus.OK;
  }

  /** {@return why nothing can be copied, a new exception each time} */
  KvbmException unusable() {
    return closed
        ? new ClosedException(ErrorCode.CLOSED, label() + " was closed: connect again")
        : UcxStatus.disconnected(label(), failure);
  }

  @Override
  public PathMemory open(byte[] key, long address, long byteSize) {
    UcxFrame frame = UcxFrame.decode(key, UcxFrame.Kind.KEY);
    if (!frame.path().equals(path)) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "the key is of UCX path %s, this is %s".formatted(frame.path(), label()));
    }
    long offset = address - frame.address();
    if (byteSize <= 0 || offset < 0 || byteSize > frame.byteSize() - offset) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "%d bytes at %#x are not within the key's %d at %#x"
              .formatted(byteSize, address, frame.byteSize(), frame.address()));
    }
    if (closed) {
      throw unusable();
    }
    return new UcxRemoteMemory(this, frame.payload(), address, byteSize);
  }

  @Override
  public void read(
      PathMemory source, long offset, MemorySegment target, PathCompletion completion) {
    submit(source, offset, target, false, completion);
  }

  @Override
  public void write(
      MemorySegment source, PathMemory target, long offset, PathCompletion completion) {
    submit(target, offset, source, true, completion);
  }

  private void submit(
      PathMemory remote,
      long offset,
      MemorySegment local,
      boolean isWrite,
      PathCompletion completion) {
    KvbmException refused = refusal(remote, offset, local, isWrite);
    if (refused == null) {
      engine.submit(
          new UcxCopy(this, (UcxRemoteMemory) remote, offset, local, isWrite, completion));
    } else {
      completion.ended(refused);
    }
  }

  private @Nullable KvbmException refusal(
      PathMemory remote, long offset, MemorySegment local, boolean isWrite) {
    if (!(remote instanceof UcxRemoteMemory memory) || memory.peer() != this) {
      return new CallerException(
          ErrorCode.INVALID_ARGUMENT, "the memory was not opened with " + label());
    }
    long byteSize = local.byteSize();
    if (offset < 0 || offset > memory.byteSize() || byteSize > memory.byteSize() - offset) {
      return new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "%d bytes at %d are outside the %d of the peer's memory"
              .formatted(byteSize, offset, memory.byteSize()));
    }
    if (!local.isNative() || byteSize == 0 || (!isWrite && local.isReadOnly())) {
      return new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "UCX copies native memory of 1 byte or more, which a read may change: this is " + local);
    }
    if (memory.isClosed() || !local.scope().isAlive()) {
      return new ClosedException(ErrorCode.CLOSED, "memory of the copy was closed: open it again");
    }
    return isUsable() ? null : unusable();
  }

  @Override
  public boolean isConnected() {
    return isUsable();
  }

  /** Destroys the key's handle soon. */
  void forget(UcxRemoteMemory memory) {
    engine.forget(memory);
  }

  /** Called from a completion it does not wait. */
  @Override
  public void close() {
    closed = true;
    engine.disconnect(this);
    engine.await(ended);
  }

  /** Notes that its path is closed. */
  void shut() {
    closed = true;
  }
}
