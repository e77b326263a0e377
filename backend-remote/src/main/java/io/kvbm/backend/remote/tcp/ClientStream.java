package io.kvbm.backend.remote.tcp;

import io.kvbm.api.CallerException;
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
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The end of a connection that asks. Everything happens on the event loop, in turn with the threads
 * that send reads from where they are, see {@link DataRequests}.
 */
final class ClientStream extends Connection {

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
  private volatile @Nullable KvbmException reason;
  private final ReentrantLock turn = new ReentrantLock();
  private final DataRequests data;
  private final Map<Long, CompletableFuture<byte[]>> open = new HashMap<>();
  private final Map<Long, FrameType> abandoned = new HashMap<>();

  /** Completes with the session once both sides have proven themselves. */
  final CompletableFuture<Long> ready = new CompletableFuture<>();

  ClientStream(TcpAgent agent, Link link, Hello hello) {
    this.agent = agent;
    this.link = link;
    this.hello = hello;
    this.helloBytes = hello.toBytes();
    this.data = new DataRequests(agent, this, turn);
  }

  String wanted() {
    return hello.wanted();
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
    data.submit(requests);
  }

  /** In turn with what other threads send. */
  @Override
  void onLoop(Runnable step, Runnable ended) {
    super.onLoop(() -> inTurn(step), ended);
  }

  /** {@return why the connection ended; from any thread} */
  KvbmException whyEnded() {
    KvbmException why = link.whyLost();
    return why != null ? why : lost();
  }

  /** Runs a step of the event loop in turn with what other threads send. */
  void inTurn(Runnable step) {
    turn.lock();
    try {
      step.run();
    } finally {
      turn.unlock();
    }
  }

  boolean isGone() {
    return gone;
  }

  /** {@return the number of the next request; in turn} */
  long nextNumber() {
    return ++lastNumber;
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
    long number = nextNumber();
    open.put(number, answer);
    send(type, FrameHeader.OK, number, body);
    flush();
    var timer =
        channel()
            .eventLoop()
            .schedule(() -> inTurn(() -> expire(type, number)), timeoutNanos, TimeUnit.NANOSECONDS);
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
            send(FrameType.REVOKED, FrameHeader.OK, nextNumber(), body);
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
          nextNumber(),
          new BodyWriter().putLong(number).toBytes());
      flush();
      answer.completeExceptionally(late(type.name()));
    }
  }

  TransientException late(String what) {
    return new TransientException(
        ErrorCode.DEADLINE_EXCEEDED,
        "agent '%s' did not answer %s in time; try again or raise the timeout"
            .formatted(hello.wanted(), what));
  }

  // ---- answers ----

  @Override
  @Nullable MemorySegment startPayload(FrameHeader frame, byte[] bytes) throws WireException {
    return data.startPayload(frame);
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
    if (data.answered(frame, bytes, intact)) {
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

  /** {@return why a request was refused; it was taken off its list and must be told in any case} */
  KvbmException refusal(byte[] bytes) {
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

  /** Writing to the socket failed on another thread. */
  void fail(IOException cause) {
    broken(cause);
    channel().close();
  }

  void cut(KvbmException why) {
    if (reason == null) {
      reason = why;
    }
    channel().close();
  }

  KvbmException lost() {
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
  void ended() {
    if (gone) {
      return;
    }
    gone = true;
    agent.counters().connections.decrementAndGet();
    KvbmException why = lost();
    link.lost(why); // before anybody learns of it, so that the peer counts as lost by then
    ready.completeExceptionally(why);
    data.end(why);
    List<CompletableFuture<byte[]>> waiting = List.copyOf(open.values());
    open.clear();
    waiting.forEach(answer -> answer.completeExceptionally(why));
  }

  /** {@return completes when nothing is in flight or queued, or the connection ended} */
  CompletableFuture<Void> whenIdle() {
    return data.whenIdle();
  }

  // ---- the event loop's turn ----

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    inTurn(() -> super.channelRead(context, message));
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    inTurn(() -> super.channelReadComplete(context));
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    inTurn(() -> super.channelInactive(context));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    inTurn(() -> super.exceptionCaught(context, cause));
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    inTurn(data::pump);
  }
}
