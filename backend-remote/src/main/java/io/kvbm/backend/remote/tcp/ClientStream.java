package io.kvbm.backend.remote.tcp;

import io.kvbm.api.CallerException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.backend.remote.auth.Handshake;
import io.kvbm.backend.remote.wire.BodyReader;
import io.kvbm.backend.remote.wire.BodyWriter;
import io.kvbm.backend.remote.wire.FrameHeader;
import io.kvbm.backend.remote.wire.FrameType;
import io.kvbm.backend.remote.wire.Limits;
import io.kvbm.backend.remote.wire.Refusals;
import io.kvbm.backend.remote.wire.WireException;
import io.netty.channel.ChannelHandlerContext;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** The end of a connection that asks. Reads and writes are answered in the order they were sent. */
final class ClientStream extends Connection implements TcpAgent.Starved {

  private static final int MOST_UNTAKEN = 65_536;

  private final TcpAgent agent;
  private final Link link;
  private final Hello hello;
  private final byte[] helloBytes;
  private byte[] challenge = new byte[0];
  private boolean proven;
  private boolean gone;
  private long lastNumber;
  private int peerFrame = 4096;
  private boolean sweeping;
  private long lastAnswer = System.nanoTime();
  private @Nullable KvbmException reason;
  private final ArrayDeque<DataRequest> queue = new ArrayDeque<>();
  private final ArrayDeque<DataRequest> sent = new ArrayDeque<>();
  private final Map<Long, CompletableFuture<byte[]>> open = new HashMap<>();
  private final List<CompletableFuture<Void>> drains = new ArrayList<>();
  private final Map<Long, FrameType> abandoned = new HashMap<>();

  /** Completes with the session once both sides have proven themselves. */
  final CompletableFuture<Long> ready = new CompletableFuture<>();

  ClientStream(TcpAgent agent, Link link, Hello hello) {
    this.agent = agent;
    this.link = link;
    this.hello = hello;
    this.helloBytes = hello.toBytes();
  }

  int peerFrame() {
    return peerFrame;
  }

  void greet() {
    send(FrameType.HELLO, FrameHeader.OK, 0, helloBytes);
    flush();
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    agent.counters().connections.incrementAndGet();
  }

  // ---- requests ----

  /** Sends reads and writes, as far as there is room; from any thread. */
  void submit(List<DataRequest> requests) {
    onLoop(
        () -> {
          if (gone) {
            requests.forEach(request -> request.failed(lost()));
            return;
          }
          queue.addAll(requests);
          pump();
        },
        () -> requests.forEach(request -> request.failed(whyEnded())));
  }

  @Override
  public void wake() {
    onLoop(this::pump, () -> {});
  }

  /** Runs one of both: a loop that has ended takes nothing more, and with it the connection is. */
  void onLoop(Runnable task, Runnable ended) {
    try {
      channel().eventLoop().execute(task);
    } catch (RejectedExecutionException _) {
      ended.run();
    }
  }

  /** {@return why the connection ended; from any thread} */
  private KvbmException whyEnded() {
    KvbmException why = link.whyLost();
    return why != null ? why : lost();
  }

  private void pump() {
    boolean wrote = false;
    while (!gone && channel().isWritable()) {
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
      sendData(next);
      wrote = true;
    }
    if (wrote) {
      flush();
      sweep();
    } else if (!queue.isEmpty()) {
      sweep();
    }
  }

  private void sendData(DataRequest next) {
    next.sentAt = System.nanoTime();
    next.number = ++lastNumber;
    sent.add(next);
    BodyWriter body = new BodyWriter().putBytes(next.key).putLong(next.offset);
    if (next.read) {
      body.putInt(next.byteSize());
      send(FrameType.READ, FrameHeader.OK, next.number, body.toBytes());
    } else {
      next.written =
          send(
              FrameType.WRITE,
              next.number,
              body.toBytes(),
              next.local,
              agent.settings().checksum());
    }
  }

  /** Sends any other request; the future completes on the event loop. */
  CompletableFuture<byte[]> ask(FrameType type, byte[] body, long timeoutNanos) {
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    onLoop(
        () -> ask(type, body, timeoutNanos, answer),
        () -> answer.completeExceptionally(whyEnded()));
    return answer;
  }

  private void ask(
      FrameType type, byte[] body, long timeoutNanos, CompletableFuture<byte[]> answer) {
    if (gone) {
      answer.completeExceptionally(lost());
      return;
    }
    long number = ++lastNumber;
    open.put(number, answer);
    send(type, FrameHeader.OK, number, body);
    flush();
    var timer =
        channel()
            .eventLoop()
            .schedule(() -> expire(type, number), timeoutNanos, TimeUnit.NANOSECONDS);
    answer.whenComplete((_, _) -> timer.cancel(false));
  }

  /**
   * Tells that nothing of an export is used here any more; from any thread, before what is asked
   * after it.
   *
   * @param dirty whether the peer may still find a copy of the past on its way
   */
  void tellRevoked(byte[] key, boolean dirty) {
    byte[] body = new BodyWriter().putBytes(key).putByte(dirty ? 1 : 0).toBytes();
    onLoop(
        () -> {
          if (!gone) {
            send(FrameType.REVOKED, FrameHeader.OK, ++lastNumber, body);
            flush();
          }
        },
        () -> {});
  }

  private void expire(FrameType type, long number) {
    CompletableFuture<byte[]> answer = open.remove(number);
    if (answer != null) {
      abandoned.put(number, type);
      send(
          FrameType.CANCEL,
          FrameHeader.OK,
          ++lastNumber,
          new BodyWriter().putLong(number).toBytes());
      flush();
      answer.completeExceptionally(late(type.name()));
    }
  }

  private TransientException late(String what) {
    return new TransientException(
        ErrorCode.DEADLINE_EXCEEDED,
        "agent '%s' did not answer %s in time; try again or raise the timeout"
            .formatted(hello.wanted(), what));
  }

  // ---- deadlines ----

  private void sweep() {
    if (sweeping || gone) {
      return;
    }
    sweeping = true;
    long timeout = agent.settings().requestTimeout().toNanos();
    channel()
        .eventLoop()
        .schedule(
            () -> {
              sweeping = false;
              if (!gone && !(sent.isEmpty() && queue.isEmpty())) {
                expireData(timeout);
                sweep();
              }
            },
            Math.max(timeout / 8, 1_000_000),
            TimeUnit.NANOSECONDS);
  }

  private void expireData(long timeout) {
    long now = System.nanoTime();
    DataRequest head = sent.peek();
    if (head != null && now - head.sentAt > 2 * timeout) {
      cut(lost());
      return;
    }
    for (DataRequest request : sent) {
      if (now - request.sentAt <= timeout) {
        break;
      }
      if (!request.isOver()) {
        if (request.written != null && !request.written.isDone()) {
          // What is queued for the socket cannot be taken back: the connection has to end first.
          cut(late("a write"));
          return;
        }
        if (request == head && isLanding()) {
          dropPayload();
        }
        agent.giveRoom(request.byteSize());
        request.failed(late(request.read ? "a read" : "a write"));
      }
    }
    while (!queue.isEmpty()
        && now - queue.peek().queuedAt > timeout
        && now - lastAnswer > timeout) {
      queue.remove().failed(late("what was sent before"));
    }
    pump();
  }

  // ---- answers ----

  @Override
  @Nullable MemorySegment startPayload(FrameHeader frame, byte[] bytes) throws WireException {
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

  @Override
  void frame(FrameHeader frame, byte[] bytes, boolean intact) throws WireException {
    if (!proven) {
      prove(frame, bytes);
      return;
    }
    if (frame.type() == FrameType.REVOKE) {
      BodyReader body = new BodyReader(bytes);
      byte[] key = body.getBytes(64);
      if (body.getByte() != 0) {
        link.leaves();
      }
      if (untaken() > MOST_UNTAKEN) {
        throw new WireException("revocations come, but nothing said here is taken", false);
      }
      link.revoke(key, dirty -> tellRevoked(key, dirty));
      return;
    }
    lastAnswer = System.nanoTime();
    DataRequest head = sent.peek();
    if (head != null && head.number == frame.number()) {
      sent.remove();
      if (!head.isOver()) {
        agent.giveRoom(head.byteSize());
        endData(head, frame, bytes, intact);
      }
      pump();
      tellIdle();
      return;
    }
    CompletableFuture<byte[]> answer = open.remove(frame.number());
    if (answer == null) {
      FrameType late = abandoned.remove(frame.number());
      if (late == null) {
        throw new WireException("an answer comes to no request", false);
      }
      if (frame.status() == FrameHeader.OK) {
        link.unwanted(late, bytes);
      }
    } else if (frame.status() == FrameHeader.OK) {
      answer.complete(bytes);
    } else {
      answer.completeExceptionally(refusal(bytes));
    }
  }

  private void endData(DataRequest head, FrameHeader frame, byte[] bytes, boolean intact)
      throws WireException {
    if (frame.status() != FrameHeader.OK) {
      KvbmException why = refusal(bytes);
      if (why instanceof CorruptionException) {
        agent.counters().corrupt.increment();
      }
      head.failed(why);
    } else if (head.read != (frame.type() == FrameType.BYTES)) {
      head.failed(lost());
      throw new WireException("a request was answered by another kind of frame", false);
    } else if (!intact) {
      agent.counters().corrupt.increment();
      head.failed(
          new CorruptionException(
              ErrorCode.CORRUPT,
              "%d bytes of agent '%s' arrived damaged; read them again"
                  .formatted(head.byteSize(), hello.wanted())));
    } else {
      (head.read ? agent.counters().bytesRead : agent.counters().bytesWritten).add(head.byteSize());
      head.moved();
    }
  }

  /** {@return why a request was refused; it was taken off its list and must be told in any case} */
  private KvbmException refusal(byte[] bytes) {
    try {
      return Refusals.read(hello.wanted(), new BodyReader(bytes));
    } catch (WireException | RuntimeException e) {
      cut(
          new TransientException(
              ErrorCode.DISCONNECTED,
              "agent '%s' refuses without a reason one can read: %s; connect again"
                  .formatted(hello.wanted(), e.getMessage()),
              e));
      return lost();
    }
  }

  private void prove(FrameHeader frame, byte[] bytes) throws WireException {
    BodyReader body = new BodyReader(bytes);
    byte[] token = agent.settings().token();
    if (frame.type() == FrameType.CHALLENGE && challenge.length == 0) {
      challenge = bytes;
      boolean fresh = body.getBytes(64).length == Handshake.NONCE_BYTES;
      String name = body.getText(128);
      long generation = body.getLong();
      if (!fresh || !name.equals(hello.wanted()) || !hello.admits(generation)) {
        giveUp(
            new TransientException(
                ErrorCode.DISCONNECTED,
                "another agent or generation than '%s' answers there; look it up again"
                    .formatted(hello.wanted())));
      } else if (!agent.isPeer(channel(), name)) {
        giveUp(
            new CallerException(
                ErrorCode.NOT_ALLOWED,
                "the certificate there is not that of agent '%s'".formatted(name)));
      } else {
        send(
            FrameType.PROOF,
            FrameHeader.OK,
            0,
            Handshake.prove(token, "client", helloBytes, challenge));
      }
    } else if (frame.type() == FrameType.WELCOME && frame.status() != FrameHeader.OK) {
      giveUp(Refusals.read(hello.wanted(), body));
    } else if (frame.type() == FrameType.WELCOME && challenge.length > 0) {
      byte[] expected = Handshake.prove(token, "server", helloBytes, challenge);
      if (!Handshake.matches(expected, body.getBytes(64))) {
        giveUp(
            new CallerException(
                ErrorCode.NOT_ALLOWED,
                "agent '%s' does not know the token; check the setting".formatted(hello.wanted())));
        return;
      }
      BodyReader challenged = new BodyReader(challenge);
      challenged.getBytes(64);
      challenged.getText(128);
      link.isOf(challenged.getLong());
      long session = body.getLong();
      peerFrame = Math.clamp(body.getInt(), 4096, 64 << 20);
      link.setIdleMillis(body.getLong());
      proven = true;
      setLimits(new Limits(Limits.ANSWER_BODY, agent.settings().maxFrame()));
      ready.complete(session);
    } else {
      throw new WireException("a frame of type %s comes too early".formatted(frame.type()), false);
    }
  }

  private void giveUp(KvbmException why) {
    reason = why;
    channel().close();
  }

  // ---- the end ----

  void cut(KvbmException why) {
    if (reason == null) {
      reason = why;
    }
    channel().close();
  }

  private KvbmException lost() {
    KvbmException why = reason;
    return why != null
        ? why
        : new TransientException(
            ErrorCode.DISCONNECTED,
            "the connection to agent '%s' is lost; connect again".formatted(hello.wanted()));
  }

  @Override
  void broken(Throwable cause) {
    if (cause instanceof WireException wire && wire.isDamaged()) {
      agent.counters().corrupt.increment();
    }
    Throwable root = cause;
    while (root != null && !(root instanceof SSLException)) {
      root = root.getCause();
    }
    if (reason == null && root != null && !proven) {
      reason =
          new CallerException(
              ErrorCode.NOT_ALLOWED,
              "agent '%s' refuses the certificate, or has none of the authority"
                  .formatted(hello.wanted()),
              cause);
    } else if (reason == null) {
      reason =
          new TransientException(
              ErrorCode.DISCONNECTED,
              "the connection to agent '%s' broke: %s"
                  .formatted(hello.wanted(), String.valueOf(cause.getMessage())),
              cause);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    pump();
  }

  @Override
  void ended() {
    if (gone) {
      return;
    }
    gone = true;
    agent.counters().connections.decrementAndGet();
    KvbmException why = lost();
    link.lost(why); // before anybody learns of it, so that the peer counts as lost by then
    ready.completeExceptionally(why);
    for (DataRequest request : sent) {
      if (!request.isOver()) {
        agent.giveRoom(request.byteSize());
        request.failed(why);
      }
    }
    sent.clear();
    queue.forEach(request -> request.failed(why));
    queue.clear();
    List<CompletableFuture<byte[]>> waiting = List.copyOf(open.values());
    open.clear();
    waiting.forEach(answer -> answer.completeExceptionally(why));
    tellIdle();
  }

  /** {@return completes when nothing is in flight or queued, or the connection ended} */
  CompletableFuture<Void> whenIdle() {
    CompletableFuture<Void> idle = new CompletableFuture<>();
    onLoop(() -> await(idle), () -> idle.complete(null));
    return idle;
  }

  private void await(CompletableFuture<Void> waiting) {
    if (gone || sent.isEmpty() && queue.isEmpty()) {
      waiting.complete(null);
    } else {
      drains.add(waiting);
    }
  }

  private void tellIdle() {
    if (!drains.isEmpty() && (gone || sent.isEmpty() && queue.isEmpty())) {
      drains.forEach(waiting -> waiting.complete(null));
      drains.clear();
    }
  }
}
