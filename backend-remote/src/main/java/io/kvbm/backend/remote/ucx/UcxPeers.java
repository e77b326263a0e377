package io.kvbm.backend.remote.ucx;

import io.kvbm.api.BackendException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The peers of a path and their endpoints: connects and closes them. For the path's thread. */
final class UcxPeers {

  private static final long MOST_WAITING_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final UcxWorker worker;
  private final UcxSlots slots;
  private final long waitingNanos;
  private final Map<Long, UcxPeer> peers = new HashMap<>();
  private boolean anyUnusable;

  UcxPeers(UcxWorker worker, UcxSlots slots, long timeoutNanos) {
    this.worker = worker;
    this.slots = slots;
    waitingNanos = Math.min(timeoutNanos, MOST_WAITING_NANOS);
  }

  boolean isEmpty() {
    return peers.isEmpty();
  }

  void connect(UcxPeer peer) {
    peers.put(peer.id, peer);
    try {
      peer.endpoint = worker.connect(peer.address, peer.id);
    } catch (BackendException e) {
      peer.fail(e.nativeCode());
    }
  }

  /** The peer is closed: {@link #closeUnusable} does the rest. */
  void disconnect(UcxPeer peer) {
    anyUnusable = true;
    if (!peers.containsKey(peer.id)) {
      peer.ended.countDown();
    }
  }

  /** Gives up the connection. */
  void fail(UcxPeer peer, int status) {
    peer.fail(status);
    anyUnusable = true;
  }

  /** The path is closed, and so are all. */
  void shutAll() {
    anyUnusable = true;
    peers.values().forEach(UcxPeer::shut);
  }

  /** The path has failed, and so have all. */
  void failAll() {
    peers.values().forEach(peer -> peer.fail(UcxStatus.IO_ERROR));
  }

  void endAll() {
    peers.values().forEach(peer -> peer.ended.countDown());
  }

  void destroyKeys() {
    for (UcxPeer peer : peers.values()) {
      List.copyOf(peer.opened).forEach(this::forget);
    }
  }

  void forget(UcxRemoteMemory memory) {
    if (memory.key != 0 && memory.peer().opened.remove(memory)) {
      long key = memory.key;
      memory.key = 0;
      worker.destroyKey(key);
    }
  }

  /** Notes what UCX told of endpoints during progress. */
  void noteFailures() {
    while (slots.nextFailed()) {
      UcxPeer peer = peers.get(slots.failedPeer());
      if (peer != null) {
        peer.isWired = true;
        fail(peer, slots.failedStatus());
      }
    }
  }

  /** {@return whether an endpoint is about to be closed, of which there may be no event} */
  boolean isAnyClosing() {
    for (UcxPeer peer : peers.values()) {
      if (peer.closeRequest != 0 || isWaiting(peer)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isWaiting(UcxPeer peer) {
    return peer.endpoint != 0 && peer.closeBy != 0;
  }

  /** Closes the endpoints of peers that failed or were closed, and ends closed ones. */
  boolean closeUnusable() {
    if (!anyUnusable) {
      return false;
    }
    anyUnusable = false;
    boolean any = false;
    for (UcxPeer peer : List.copyOf(peers.values())) {
      if (!peer.isUsable() && (peer.endpoint != 0 || peer.closeRequest != 0 || peer.isClosed())) {
        any |= close(peer);
        anyUnusable |=
            peer.closeRequest != 0
                || isWaiting(peer)
                || (peer.isClosed() && peers.containsKey(peer.id));
      }
    }
    return any;
  }

  private boolean close(UcxPeer peer) {
    if (peer.endpoint != 0 && !mayClose(peer)) {
      return false;
    }
    boolean any = false;
    if (peer.endpoint != 0) {
      long endpoint = peer.endpoint;
      peer.endpoint = 0;
      long pointer = worker.close(endpoint);
      peer.closeRequest = UcxStatus.isRequest(pointer) ? pointer : 0;
      any = true;
    }
    if (peer.closeRequest != 0 && worker.isEnded(peer.closeRequest)) {
      peer.closeRequest = 0;
      any = true;
    }
    if (peer.isClosed() && peer.closeRequest == 0 && peer.active == 0) {
      List.copyOf(peer.opened).forEach(this::forget);
      peers.remove(peer.id);
      peer.ended.countDown();
      any = true;
    }
    return any;
  }

  /**
   * {@return whether the endpoint may be closed by force, or nothing else is left} It waits for two
   * things. A peer whose answer meets an endpoint that is closed runs into a fatal error of UCX
   * (its {@code rma_sw.c} lets the error of the send out), so what is in flight is finished and
   * flushed. And UCX aborts a process that closes an endpoint while the messages that connect it
   * are queued ({@code ucp_request_send_state_ff}); a flush ends after them.
   */
  private boolean mayClose(UcxPeer peer) {
    if (peer.isFlushed || (peer.isWired && peer.hasFailed())) {
      return true;
    }
    long now = System.nanoTime();
    if (peer.closeBy == 0) {
      peer.closeBy = (now + waitingNanos) | 1;
    }
    if (!peer.isFlushing && (peer.active == 0 || peer.hasFailed())) {
      peer.isFlushing = true;
      int slot = slots.take(peer);
      slots.completeIfImmediate(worker.flush(peer.endpoint, slot), slot);
    }
    return now - peer.closeBy >= 0;
  }
}
