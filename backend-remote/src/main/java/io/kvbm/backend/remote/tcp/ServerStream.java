package io.kvbm.backend.remote.tcp;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
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
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The end of a connection that answers: reads and writes at once, on the event loop. */
final class ServerStream extends Connection {

  private final TcpAgent agent;
  private final PeerRequests requests;
  private byte[] hello = new byte[0];
  private byte[] challenge = new byte[0];
  private @Nullable Hello who;
  private volatile @Nullable Session session;
  private long lastNumber;
  private @Nullable Export writing;
  private @Nullable KvbmException refusal;
  private boolean turnedAway;
  private boolean gone;

  ServerStream(TcpAgent agent) {
    this.agent = agent;
    this.requests = new PeerRequests(agent, this);
  }

  @Nullable Session session() {
    return session;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    agent.counters().connections.incrementAndGet();
    long timeout = agent.settings().connectTimeout().toNanos();
    context
        .executor()
        .schedule(
            () -> {
              if (session == null) {
                context.close();
              }
            },
            timeout,
            TimeUnit.NANOSECONDS);
    watch(agent.settings().idleTimeout().toNanos(), agent.settings().requestTimeout().toNanos());
  }

  /**
   * A peer that gives no sign of life is lost. So is one whose signs of life come over another
   * connection while here a request stays half said, or an answer half taken.
   */
  private void watch(long idleNanos, long stallNanos) {
    channel()
        .eventLoop()
        .schedule(
            () -> {
              if (gone) {
                return;
              }
              Session own = session;
              long heard = lastHeard();
              if (own != null) {
                for (ServerStream other : own.streams()) {
                  heard = Math.max(heard, other.lastHeard());
                }
              }
              if (System.nanoTime() - heard > idleNanos || isStalled(stallNanos)) {
                channel().close();
              } else {
                watch(idleNanos, stallNanos);
              }
            },
            Math.max(Math.min(idleNanos, stallNanos) / 4, 1_000_000),
            TimeUnit.NANOSECONDS);
  }

  @Override
  @Nullable MemorySegment startPayload(FrameHeader frame, byte[] bytes) throws WireException {
    number(frame);
    Session own = session;
    if (frame.type() != FrameType.WRITE || own == null) {
      throw new WireException("payload without a request for it", false);
    }
    BodyReader body = new BodyReader(bytes);
    byte[] key = body.getBytes(64);
    long offset = body.getLong();
    body.end();
    refusal = null;
    try {
      Export export = agent.exports().enter(key, offset, frame.payload(), true, own.peer, this);
      writing = export;
      return export.segment.asSlice(offset, frame.payload());
    } catch (KvbmException e) {
      refusal = e;
      return null;
    }
  }

  @Override
  void frame(FrameHeader frame, byte[] bytes, boolean intact) throws WireException {
    Session own = session;
    if (frame.status() != FrameHeader.OK || turnedAway) {
      throw new WireException("a frame is no request, or comes after the end", false);
    } else if (own == null) {
      greet(frame, bytes);
    } else if (frame.type() == FrameType.WRITE) {
      endWrite(frame, intact);
    } else {
      number(frame);
      BodyReader body = new BodyReader(bytes);
      if (frame.type() == FrameType.READ) {
        read(frame.number(), body);
      } else {
        requests.take(frame.type(), frame.number(), body, own);
      }
    }
    if (!channel().isWritable()) { // answers must not pile up for a peer that takes none
      pause();
      flush();
    }
  }

  private void number(FrameHeader frame) throws WireException {
    if (frame.number() != lastNumber + 1) {
      throw new WireException(
          "request %d follows request %d: replayed or lost".formatted(frame.number(), lastNumber),
          false);
    }
    lastNumber = frame.number();
  }

  private void read(long number, BodyReader body) throws WireException {
    byte[] key = body.getBytes(64);
    long offset = body.getLong();
    int length = body.getInt();
    body.end();
    Session own = session;
    if (own == null || length <= 0 || length > agent.settings().maxFrame()) {
      throw new WireException("a read of %d bytes is over the limit".formatted(length), false);
    }
    Export export;
    try {
      export = agent.exports().enter(key, offset, length, false, own.peer, this);
    } catch (KvbmException e) {
      refuse(number, e);
      return;
    }
    ChannelFuture written =
        send(
            FrameType.BYTES,
            number,
            new byte[0],
            export.segment.asSlice(offset, length),
            agent.settings().checksum());
    long bytes = length;
    written.addListener(
        future -> {
          export.leave(this);
          if (future.isSuccess()) {
            agent.counters().bytesServed.add(bytes);
          }
        });
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (context.channel().isWritable()) {
      resume();
    }
  }

  private void endWrite(FrameHeader frame, boolean intact) {
    Export export = writing;
    writing = null;
    if (export != null) {
      export.leave(this);
    }
    KvbmException no = refusal;
    if (no != null) {
      refuse(frame.number(), no);
    } else if (!intact) {
      agent.counters().corrupt.increment();
      refuse(
          frame.number(),
          new CorruptionException(
              ErrorCode.CORRUPT,
              "%d bytes written arrived damaged; write them again".formatted(frame.payload())));
    } else {
      agent.counters().bytesServed.add(frame.payload());
      send(FrameType.ANSWER, FrameHeader.OK, frame.number(), new byte[0]);
    }
  }

  void refuse(long number, Throwable cause) {
    agent.counters().refused.increment();
    Throwable told =
        cause instanceof ClosedException && agent.isClosed()
            ? new TransientException(ErrorCode.DISCONNECTED, "the agent is closing; connect again")
            : cause;
    send(FrameType.ANSWER, FrameHeader.REFUSED, number, Refusals.body(told));
  }

  /** Tells the peer something it did not ask for; from any thread. */
  void tell(FrameType type, byte[] body) {
    onLoop(
        () -> {
          send(type, FrameHeader.OK, 0, body);
          flush();
        },
        () -> {});
  }

  /** Answers from another thread. */
  void answerLater(long number, byte @Nullable [] bytes, @Nullable Throwable failure) {
    onLoop(
        () -> {
          if (failure != null || bytes == null) {
            refuse(number, failure == null ? new IllegalStateException() : failure);
          } else {
            send(FrameType.ANSWER, FrameHeader.OK, number, bytes);
          }
          flush();
        },
        () -> {});
  }

  private void greet(FrameHeader frame, byte[] bytes) throws WireException {
    if (frame.type() == FrameType.HELLO && who == null) {
      hello = bytes;
      who = Hello.read(new BodyReader(bytes));
      challenge =
          new BodyWriter()
              .putBytes(Handshake.nonce())
              .putText(agent.name())
              .putLong(agent.descriptor().generation())
              .toBytes();
      send(FrameType.CHALLENGE, FrameHeader.OK, 0, challenge);
    } else if (frame.type() == FrameType.PROOF && who != null) {
      byte[] token = agent.settings().token();
      byte[] expected = Handshake.prove(token, "client", hello, challenge);
      if (!Handshake.matches(expected, bytes)) {
        turnAway(
            new CallerException(
                ErrorCode.NOT_ALLOWED,
                "the token is not the one of this agent; check the setting"));
        return;
      }
      welcome(who);
    } else {
      throw new WireException("a frame of type %s comes too early".formatted(frame.type()), false);
    }
  }

  private void welcome(Hello peer) {
    if (!agent.isPeer(channel(), peer.name())) {
      turnAway(
          new CallerException(
              ErrorCode.NOT_ALLOWED,
              "the certificate is not that of agent '%s'".formatted(peer.name())));
      return;
    }
    if (!peer.wanted().equals(agent.name()) || !peer.admits(agent.descriptor().generation())) {
      turnAway(
          new TransientException(
              ErrorCode.DISCONNECTED,
              "agent '%s' of that generation is not here; look it up again"
                  .formatted(peer.wanted())));
      return;
    }
    Session joined = agent.session(peer);
    if (joined == null || !joined.join(this)) {
      turnAway(new TransientException(ErrorCode.DISCONNECTED, "the session is over"));
      return;
    }
    session = joined;
    setLimits(new Limits(Limits.REQUEST_BODY, agent.settings().maxFrame()));
    byte[] proof = Handshake.prove(agent.settings().token(), "server", hello, challenge);
    send(
        FrameType.WELCOME,
        FrameHeader.OK,
        0,
        new BodyWriter()
            .putBytes(proof)
            .putLong(joined.id)
            .putInt(agent.settings().maxFrame())
            .putLong(agent.settings().idleTimeout().toMillis())
            .toBytes());
  }

  private void turnAway(KvbmException why) {
    turnedAway = true;
    agent.counters().refused.increment();
    send(FrameType.WELCOME, FrameHeader.REFUSED, 0, Refusals.body(why))
        .addListener(ChannelFutureListener.CLOSE);
    flush();
  }

  @Override
  void broken(Throwable cause) {
    if (cause instanceof WireException wire) {
      (wire.isDamaged() ? agent.counters().corrupt : agent.counters().refused).increment();
      agent
          .context()
          .logger()
          .log(
              session == null ? System.Logger.Level.DEBUG : System.Logger.Level.WARNING,
              "agent ''{0}'' cuts the connection of {1}: {2}",
              agent.name(),
              channel().remoteAddress(),
              wire.getMessage());
    }
  }

  @Override
  void ended() {
    if (gone) {
      return;
    }
    gone = true;
    agent.counters().connections.decrementAndGet();
    agent.connectionEnded(this);
    Export export = writing;
    writing = null;
    if (export != null) {
      export.leave(this);
    }
    Session own = session;
    if (own != null) {
      own.left(this);
    }
  }
}
