package io.kvbm.backend.remote.tcp;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.backend.remote.wire.BodyWriter;
import io.kvbm.backend.remote.wire.FrameHeader;
import io.kvbm.backend.remote.wire.FrameType;
import io.kvbm.backend.remote.wire.WireException;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The reads and writes of one connection, answered in the order they were sent. The event loop has
 * its turn while it works here. Where it does not and nothing waits to be written, a thread that
 * asks for a few reads writes them to the socket itself: it costs a system call, as waking the loop
 * would. Outcomes are told by the loop alone, so that a thread that asks never waits for callers.
 */
final class DataRequests implements TcpAgent.Starved {

  private static final int MOST_AT_ONCE = 32;
  private static final int MOST_READ_BYTES = FrameHeader.BYTE_SIZE + 96;

  private final TcpAgent agent;
  private final ClientStream stream;
  private final ReentrantLock turn;
  private final ArrayDeque<DataRequest> queue = new ArrayDeque<>();
  private final ArrayDeque<DataRequest> sent = new ArrayDeque<>();
  private final List<CompletableFuture<Void>> drains = new ArrayList<>();
  private long lastAnswer = System.nanoTime();
  private boolean sweeping;
  private @Nullable ByteBuffer frames;

  DataRequests(TcpAgent agent, ClientStream stream, ReentrantLock turn) {
    this.agent = agent;
    this.stream = stream;
    this.turn = turn;
  }

  // ---- sending ----

  /** Sends what there is room for and queues the rest; from any thread. */
  void submit(List<DataRequest> requests) {
    if (isBrief(requests) && turn.tryLock()) {
      try {
        if (sendFromHere(requests)) {
          return;
        }
      } finally {
        turn.unlock();
      }
    }
    stream.onLoop(
        () -> {
          if (stream.isGone()) {
            requests.forEach(request -> request.failed(stream.lost()));
          } else {
            queue.addAll(requests);
            pump();
          }
        },
        () -> requests.forEach(request -> request.failed(stream.whyEnded())));
  }

  private boolean isBrief(List<DataRequest> requests) {
    if (!stream.isDirect() || requests.size() > MOST_AT_ONCE) {
      return false;
    }
    for (DataRequest request : requests) {
      if (!request.read) {
        return false;
      }
    }
    return true;
  }

  private boolean sendFromHere(List<DataRequest> requests) {
    if (stream.isGone()
        || stream.owes()
        || stream.untaken() > 0
        || !queue.isEmpty()
        || !(stream.channel() instanceof OpenSocketChannel channel)
        || requests.stream().anyMatch(request -> request.batch.isUnwanted(request.block))) {
      return false;
    }
    ByteBuffer out = frames;
    if (out == null) {
      out = ByteBuffer.allocateDirect(MOST_AT_ONCE * MOST_READ_BYTES);
      frames = out;
    }
    out.clear();
    for (DataRequest next : requests) {
      if (!queue.isEmpty() || !agent.takeRoom(next.byteSize(), this)) {
        queue.add(next);
        continue;
      }
      byte[] body = enter(next);
      FrameHeader.request(FrameType.READ, next.number, body).write(out);
      out.put(body);
    }
    out.flip();
    try {
      channel.socketChannel().write(out);
      if (out.hasRemaining()) {
        stream.owe(Unpooled.copiedBuffer(out));
        stream.onLoop(this::payOwed, () -> {});
      }
    } catch (IOException e) {
      stream.onLoop(() -> stream.fail(e), () -> {});
    }
    sweep();
    return true;
  }

  private void payOwed() {
    stream.payOwed();
    stream.flush();
  }

  @Override
  public void wake() {
    stream.onLoop(this::pump, () -> {});
  }

  /** Sends as much of the queue as there is room for; on the event loop. */
  void pump() {
    boolean wrote = false;
    while (!stream.isGone() && stream.channel().isWritable()) {
      DataRequest next = queue.peek();
      if (next == null) {
        break;
      }
      if (next.batch.isUnwanted(next.block)) {
        queue.remove();
        next.skipped();
        continue;
      }
      if (!agent.takeRoom(next.byteSize(), this)) {
        break;
      }
      queue.remove();
      send(next);
      wrote = true;
    }
    if (wrote) {
      stream.flush();
      sweep();
    } else if (!queue.isEmpty()) {
      sweep();
    }
  }

  private void send(DataRequest next) {
    byte[] body = enter(next);
    if (next.read) {
      stream.send(FrameType.READ, FrameHeader.OK, next.number, body);
    } else {
      boolean checked = agent.settings().checksum();
      next.written = stream.send(FrameType.WRITE, next.number, body, next.local, checked);
    }
  }

  /** Notes a request as sent; {@return its body} */
  private byte[] enter(DataRequest next) {
    next.sentAt = System.nanoTime();
    next.number = stream.nextNumber();
    sent.add(next);
    BodyWriter body = new BodyWriter().putBytes(next.key).putLong(next.offset);
    if (next.read) {
      body.putInt(next.byteSize());
    }
    return body.toBytes();
  }

  // ---- deadlines ----

  private void sweep() {
    if (sweeping || stream.isGone()) {
      return;
    }
    sweeping = true;
    long timeout = agent.settings().requestTimeout().toNanos();
    stream
        .channel()
        .eventLoop()
        .schedule(
            () -> stream.inTurn(() -> sweepNow(timeout)),
            Math.max(timeout / 8, 1_000_000),
            TimeUnit.NANOSECONDS);
  }

  private void sweepNow(long timeout) {
    sweeping = false;
    if (!stream.isGone() && !(sent.isEmpty() && queue.isEmpty())) {
      expire(timeout);
      sweep();
    }
  }

  private void expire(long timeout) {
    long now = System.nanoTime();
    DataRequest head = sent.peek();
    if (head != null && now - head.sentAt > 2 * timeout) {
      stream.cut(stream.lost());
      return;
    }
    for (DataRequest request : sent) {
      if (now - request.sentAt <= timeout) {
        break;
      }
      if (!request.isOver()) {
        if (request.written != null && !request.written.isDone()) {
          // What is queued for the socket cannot be taken back: the connection has to end first.
          stream.cut(stream.late("a write"));
          return;
        }
        if (request == head && stream.isLanding()) {
          stream.dropPayload();
        }
        agent.giveRoom(request.byteSize());
        request.failed(stream.late(request.read ? "a read" : "a write"));
      }
    }
    while (!queue.isEmpty()
        && now - queue.peek().queuedAt > timeout
        && now - lastAnswer > timeout) {
      queue.remove().failed(stream.late("what was sent before"));
    }
    pump();
  }

  // ---- answers ----

  /** {@return where the payload of an answer goes, null to drop it} */
  @Nullable MemorySegment startPayload(FrameHeader frame) throws WireException {
    DataRequest head = sent.peek();
    if (frame.type() != FrameType.BYTES
        || head == null
        || !head.read
        || head.number != frame.number()
        || frame.payload() != head.byteSize()) {
      throw new WireException("bytes come that were not asked for", false);
    }
    return head.isOver() ? null : head.local;
  }

  /** {@return whether a frame answers the oldest read or write; then its outcome is told} */
  boolean answered(FrameHeader frame, byte[] bytes, boolean intact) throws WireException {
    lastAnswer = System.nanoTime();
    DataRequest head = sent.peek();
    if (head == null || head.number != frame.number()) {
      return false;
    }
    sent.remove();
    if (!head.isOver()) {
      agent.giveRoom(head.byteSize());
      end(head, frame, bytes, intact);
    }
    pump();
    tellIdle();
    return true;
  }

  private void end(DataRequest head, FrameHeader frame, byte[] bytes, boolean intact)
      throws WireException {
    if (frame.status() != FrameHeader.OK) {
      KvbmException why = stream.refusal(bytes);
      if (why instanceof CorruptionException) {
        agent.counters().corrupt.increment();
      }
      head.failed(why);
    } else if (head.read != (frame.type() == FrameType.BYTES)) {
      head.failed(stream.lost());
      throw new WireException("a request was answered by another kind of frame", false);
    } else if (!intact) {
      agent.counters().corrupt.increment();
      head.failed(
          new CorruptionException(
              ErrorCode.CORRUPT,
              "%d bytes of agent '%s' arrived damaged; read them again"
                  .formatted(head.byteSize(), stream.wanted())));
    } else {
      (head.read ? agent.counters().bytesRead : agent.counters().bytesWritten).add(head.byteSize());
      head.moved();
    }
  }

  // ---- the end ----

  /** The connection has ended: everything fails. */
  void end(KvbmException why) {
    for (DataRequest request : sent) {
      if (!request.isOver()) {
        agent.giveRoom(request.byteSize());
        request.failed(why);
      }
    }
    sent.clear();
    queue.forEach(request -> request.failed(why));
    queue.clear();
    tellIdle();
  }

  /** {@return completes when nothing is in flight or queued, or the connection ended} */
  CompletableFuture<Void> whenIdle() {
    CompletableFuture<Void> idle = new CompletableFuture<>();
    stream.onLoop(() -> await(idle), () -> idle.complete(null));
    return idle;
  }

  private void await(CompletableFuture<Void> waiting) {
    if (isIdle()) {
      waiting.complete(null);
    } else {
      drains.add(waiting);
    }
  }

  private void tellIdle() {
    if (!drains.isEmpty() && isIdle()) {
      drains.forEach(waiting -> waiting.complete(null));
      drains.clear();
    }
  }

  private boolean isIdle() {
    return stream.isGone() || sent.isEmpty() && queue.isEmpty();
  }
}
