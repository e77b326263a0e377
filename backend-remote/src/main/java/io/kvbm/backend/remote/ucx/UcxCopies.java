package io.kvbm.backend.remote.ucx;

import io.kvbm.api.KvbmException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The copies that UCX has: begun, finished, flushed, given up. For the path's thread. */
final class UcxCopies {

  private final UcxWorker worker;
  private final UcxSlots slots;
  private final UcxPeers peers;
  private final int maxInFlight;
  private final long timeoutNanos;
  private final long chunkByteSize;
  private final List<UcxCopy> active = new ArrayList<>();
  private final List<UcxPeer> unflushed = new ArrayList<>();
  private long nextDeadline = Long.MAX_VALUE;

  UcxCopies(
      UcxWorker worker, UcxSlots slots, UcxPeers peers, UcxOptions options, long chunkByteSize) {
    this.worker = worker;
    this.slots = slots;
    this.peers = peers;
    maxInFlight = options.maxInFlight();
    timeoutNanos = options.requestTimeout().toNanos();
    this.chunkByteSize = chunkByteSize;
  }

  boolean isEmpty() {
    return active.isEmpty();
  }

  boolean isFull() {
    return active.size() >= maxInFlight;
  }

  /** {@return until when there is nothing to expire; there must be a copy} */
  long millisLeft() {
    return TimeUnit.NANOSECONDS.toMillis(nextDeadline - System.nanoTime()) + 1;
  }

  /** Begins a copy, or ends it where that cannot be. */
  void begin(UcxCopy copy) {
    if (!copy.peer.isUsable()) {
      copy.end(copy.peer.unusable());
    } else if (copy.peer.endpoint == 0) {
      copy.end(UcxStatus.disconnected(copy.peer.label(), UcxStatus.UNREACHABLE));
    } else if (copy.deadline - System.nanoTime() <= 0) {
      copy.end(copy.late());
    } else {
      copy.index = active.size();
      active.add(copy);
      copy.peer.active++;
      issue(copy);
    }
  }

  private void issue(UcxCopy copy) {
    UcxPeer peer = copy.peer;
    UcxRemoteMemory memory = copy.memory;
    copy.deadline = System.nanoTime() + timeoutNanos;
    if (active.size() == 1 || copy.deadline - nextDeadline < 0) {
      nextDeadline = copy.deadline;
    }
    try {
      if (memory.key == 0) {
        memory.key = worker.unpackKey(peer.endpoint, memory.packed());
        peer.opened.add(memory);
      }
    } catch (KvbmException e) {
      end(copy, e);
      return;
    }
    copy.chunk = Math.min(chunkByteSize, copy.remaining());
    int slot = slots.take(copy);
    long local = copy.localAddress();
    long remote = copy.remoteAddress();
    long pointer =
        copy.isWrite
            ? worker.put(peer.endpoint, local, copy.chunk, remote, memory.key, slot)
            : worker.get(peer.endpoint, local, copy.chunk, remote, memory.key, slot);
    slots.completeIfImmediate(pointer, slot);
  }

  /** Acts on what UCX told of requests during progress. */
  boolean endRequests() {
    boolean any = false;
    while (slots.nextEnded()) {
      any = true;
      int status = slots.endedStatus();
      switch (slots.releaseEnded()) {
        case UcxCopy copy -> {
          copy.peer.isWired = true;
          endChunk(copy, status);
        }
        case UcxPeer peer -> peer.isFlushed = true;
        case UcxSlots.Flush flush ->
            flush.copies().forEach(copy -> end(copy, failure(copy, status)));
        default -> throw new AssertionError("a slot belongs to a copy, a flush or a peer");
      }
    }
    return any;
  }

  private void endChunk(UcxCopy copy, int status) {
    UcxPeer peer = copy.peer;
    if (status != UcxStatus.OK || (copy.remaining() > copy.chunk && !peer.isUsable())) {
      end(copy, failure(copy, status == UcxStatus.OK ? UcxStatus.CANCELED : status));
      return;
    }
    copy.advance();
    if (copy.remaining() > 0) {
      issue(copy);
    } else if (!copy.isWrite) {
      end(copy, null);
    } else {
      if (peer.written.isEmpty()) {
        unflushed.add(peer);
      }
      peer.written.add(copy);
    }
  }

  /** Writes are there when a flush after them has ended; one flush serves all that wait. */
  boolean flushWritten() {
    boolean any = !unflushed.isEmpty();
    for (UcxPeer peer : unflushed) {
      List<UcxCopy> copies = peer.written;
      peer.written = new ArrayList<>();
      if (peer.endpoint == 0) {
        copies.forEach(copy -> end(copy, failure(copy, UcxStatus.CANCELED)));
      } else {
        int slot = slots.take(new UcxSlots.Flush(copies));
        slots.completeIfImmediate(worker.flush(peer.endpoint, slot), slot);
      }
    }
    unflushed.clear();
    return any;
  }

  private static @Nullable KvbmException failure(UcxCopy copy, int status) {
    if (status == UcxStatus.OK) {
      return null;
    }
    if (copy.isLate) {
      return copy.late();
    }
    if (!copy.peer.isUsable()) {
      return copy.peer.unusable();
    }
    if (UcxStatus.isLoss(status)) { // Requests may end before the endpoint is told to have failed.
      return UcxStatus.disconnected(copy.peer.label(), status);
    }
    return UcxStatus.failure(
        "%s at %s failed".formatted(copy.isWrite ? "write" : "read", copy.peer.label()), status);
  }

  private void end(UcxCopy copy, @Nullable KvbmException failure) {
    UcxCopy last = active.removeLast();
    if (last != copy) {
      active.set(copy.index, last);
      last.index = copy.index;
    }
    copy.peer.active--;
    copy.end(failure);
  }

  /** UCX cannot cancel a copy, but ends all of an endpoint that is closed by force. */
  void expire() {
    if (active.isEmpty()) {
      return;
    }
    long now = System.nanoTime();
    if (nextDeadline - now > 0) {
      return;
    }
    nextDeadline = now + timeoutNanos;
    for (UcxCopy copy : active) {
      if (copy.deadline - now <= 0) {
        copy.isLate = true;
        peers.fail(copy.peer, UcxStatus.TIMED_OUT);
      } else if (copy.deadline - nextDeadline < 0) {
        nextDeadline = copy.deadline;
      }
    }
  }

  /** UCX is gone. */
  void endAll() {
    List.copyOf(active).forEach(copy -> end(copy, copy.peer.unusable()));
  }
}
