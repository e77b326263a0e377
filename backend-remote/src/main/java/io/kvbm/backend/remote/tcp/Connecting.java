package io.kvbm.backend.remote.tcp;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.AgentEndpoint;
import io.netty.channel.ChannelFuture;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Connects all streams of a link, one after the other, within one time. */
final class Connecting {

  private final TcpAgent agent;
  private final Sockets sockets;
  private final Link link;
  private final AgentDescriptor target;
  private final long end;
  private final Duration timeout;

  Connecting(TcpAgent agent, Sockets sockets, Link link, AgentDescriptor target, Duration timeout) {
    this.agent = agent;
    this.sockets = sockets;
    this.link = link;
    this.target = target;
    this.timeout = timeout;
    if (timeout.isNegative() || timeout.isZero()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "connecting needs a time above 0, got " + timeout);
    }
    this.end = System.nanoTime() + Math.min(timeout.toNanos(), TimeUnit.HOURS.toNanos(1));
  }

  void run() {
    AgentEndpoint endpoint = target.endpoint("tcp").orElseThrow(() -> absent("does not listen"));
    InetSocketAddress address = address(endpoint.address());
    try {
      long session = 0;
      for (int i = 0; i < agent.settings().streams(); i++) {
        session = open(address, session);
      }
      link.keepAlive();
      link.openPath(left());
    } catch (KvbmException e) {
      link.lost(e);
      throw e;
    }
  }

  private long open(InetSocketAddress address, long session) {
    Hello hello =
        new Hello(
            agent.name(),
            agent.descriptor().generation(),
            target.name(),
            link.descriptor().generation(),
            session);
    ClientStream stream = new ClientStream(agent, link, hello);
    ChannelFuture connected =
        sockets.connect(address, stream, TimeUnit.NANOSECONDS.toMillis(left()));
    if (!connected.awaitUninterruptibly(left(), TimeUnit.NANOSECONDS)) {
      connected.cancel(true);
      connected.channel().close(); // it may just have connected
      throw late();
    }
    if (!connected.isSuccess()) {
      if (connected.cause() instanceof io.netty.channel.ConnectTimeoutException) {
        throw late();
      }
      throw absent("cannot be reached at " + address);
    }
    link.add(stream);
    connected.channel().eventLoop().execute(stream::greet);
    try {
      return stream.ready.get(left(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException _) {
      throw late();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw absent("was not waited for: the thread was interrupted");
    } catch (ExecutionException e) {
      throw e.getCause() instanceof KvbmException known ? known : absent("broke off");
    }
  }

  private long left() {
    long left = end - System.nanoTime();
    if (left <= 0) {
      throw late();
    }
    return left;
  }

  private InetSocketAddress address(String text) {
    int colon = text.lastIndexOf(':');
    try {
      String host = text.substring(0, Math.max(0, colon)).replaceAll("[\\[\\]]", "");
      InetSocketAddress address =
          new InetSocketAddress(host, Integer.parseInt(text.substring(colon + 1)));
      if (host.isEmpty() || address.isUnresolved()) {
        throw absent("has an address that is not known: " + text);
      }
      return address;
    } catch (IllegalArgumentException _) {
      throw absent("has an address that is none: " + text);
    }
  }

  private TransientException absent(String what) {
    return new TransientException(
        ErrorCode.DISCONNECTED, "agent '%s' %s".formatted(target.name(), what));
  }

  private TransientException late() {
    return new TransientException(
        ErrorCode.DEADLINE_EXCEEDED,
        "agent '%s' did not answer in %s; try again".formatted(target.name(), timeout));
  }
}
