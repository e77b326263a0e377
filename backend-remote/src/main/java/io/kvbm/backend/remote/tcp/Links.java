package io.kvbm.backend.remote.tcp;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.RemotePeer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The peers an agent has connected to, one for each run of an agent. */
final class Links {

  private final TcpAgent agent;
  private final Sockets sockets;
  private final Map<Peer, CompletableFuture<Link>> links = new ConcurrentHashMap<>();

  /** Which agent a link is to. */
  private record Peer(String name, long generation) {}

  Links(TcpAgent agent, Sockets sockets) {
    this.agent = agent;
    this.sockets = sockets;
  }

  /** {@return the peer, connected now or before} */
  Link connect(AgentDescriptor target, Duration timeout) {
    Peer peer = new Peer(target.name(), target.generation());
    Link current = target.generation() == 0 ? anyRun(target.name()) : null;
    if (current != null) {
      return current;
    }
    CompletableFuture<Link> mine = new CompletableFuture<>();
    CompletableFuture<Link> other = links.putIfAbsent(peer, mine);
    if (other != null) {
      Link known = await(other, target, timeout);
      if (known.isConnected()) {
        return known;
      }
      known.requireStaying();
      links.remove(peer, other); // it was lost a moment ago
      return connect(target, timeout);
    }
    Link link = new Link(agent, target);
    try {
      new Connecting(agent, sockets, link, target, timeout).run();
      if (target.generation() == 0) {
        link = only(link);
      }
      mine.complete(link);
      if (agent.isClosed()) {
        link.closeNow();
      }
      agent.requireOpen();
      if (!link.isConnected()) {
        links.remove(peer, mine);
      }
      return link;
    } catch (KvbmException e) {
      links.remove(peer, mine);
      mine.completeExceptionally(e);
      throw e;
    }
  }

  private static Link await(CompletableFuture<Link> link, AgentDescriptor to, Duration timeout) {
    try {
      return link.copy().orTimeout(timeout.toNanos(), TimeUnit.NANOSECONDS).join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof KvbmException known) {
        throw known;
      }
      boolean late = e.getCause() instanceof TimeoutException;
      throw new TransientException(
          late ? ErrorCode.DEADLINE_EXCEEDED : ErrorCode.DISCONNECTED,
          "agent '%s' did not answer in %s; try again".formatted(to.name(), timeout));
    }
  }

  /** {@return the connected peer of a name, whatever its generation, or null} */
  private @Nullable Link anyRun(String name) {
    for (CompletableFuture<Link> link : links.values()) {
      if (is(link, name)) {
        return link.resultNow();
      }
    }
    return null;
  }

  private static boolean is(CompletableFuture<Link> link, String name) {
    return link.state() == Future.State.SUCCESS
        && link.resultNow().descriptor().name().equals(name)
        && link.resultNow().isConnected();
  }

  /** {@return the link, or the one to the same run that there is already} */
  private Link only(Link link) {
    Peer run = new Peer(link.descriptor().name(), link.descriptor().generation());
    CompletableFuture<Link> known = links.putIfAbsent(run, CompletableFuture.completedFuture(link));
    if (known == null || !is(known, run.name)) {
      return link;
    }
    link.close();
    return known.resultNow();
  }

  void forget(Link link) {
    links
        .values()
        .removeIf(known -> known.state() == Future.State.SUCCESS && known.resultNow() == link);
  }

  List<RemotePeer> connected() {
    return links.values().stream()
        .filter(link -> link.state() == Future.State.SUCCESS)
        .<RemotePeer>map(CompletableFuture::resultNow)
        .filter(RemotePeer::isConnected)
        .distinct()
        .toList();
  }
}
