package io.kvbm.core.remote;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.block.SerializedBlockSet;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.remote.RemotePeer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The peers blocks are fetched from, connected when they are first asked. One that failed is left
 * alone for a while, longer each time, by the clock. Threading: safe from any thread.
 */
final class PeerLinks implements AutoCloseable {

  private static final long FIRST_PAUSE_NANOS = 100_000_000L;
  private static final int MAX_DOUBLINGS = 8;

  /** A connected peer and its block set. */
  record Link(DirectoryMember member, ImportedSet imported, Waits waits) {}

  private record Pause(long until, int failures) {}

  private final DirectoryMember self;
  private final RemoteAgent agent;
  private final SharingEnvironment environment;
  private final Map<String, Link> links = new HashMap<>();
  private final Map<String, Pause> pauses = new HashMap<>();
  private boolean closed;

  PeerLinks(DirectoryMember self, RemoteAgent agent, SharingEnvironment environment) {
    this.self = self;
    this.agent = agent;
    this.environment = environment;
  }

  /** {@return whether a peer failed not long ago} */
  synchronized boolean isPaused(DirectoryMember member) {
    Pause pause = pauses.get(member.agent().name());
    return pause != null && pause.until() - environment.clock().nanoTime() > 0;
  }

  /** Waits until a member is connected and its block set known. */
  Link link(DirectoryMember member, long deadlineNanos) {
    Link known = known(member);
    if (known != null) {
      return known;
    }
    try {
      return keep(connect(member, deadlineNanos));
    } catch (KvbmException e) {
      pause(member);
      throw e;
    }
  }

  private @Nullable Link known(DirectoryMember member) {
    Link stale;
    synchronized (this) {
      Link link = links.get(member.agent().name());
      if (link == null) {
        return null;
      }
      if (link.imported().isUsable() && link.imported().isOf(member.agent())) {
        return link;
      }
      links.remove(member.agent().name(), link);
      stale = link;
    }
    end(stale);
    return null;
  }

  private Link connect(DirectoryMember member, long deadlineNanos) {
    Duration left = Duration.ofNanos(left(deadlineNanos));
    RemotePeer peer = agent.connect(member.agent(), left);
    Waits waits = new Waits(environment.deadlines());
    byte[] bytes =
        waits.await(
            peer.blockSet(Duration.ofNanos(left(deadlineNanos))),
            deadlineNanos,
            "the block set of agent '%s'".formatted(member.agent().name()),
            _ -> {});
    BlockSet set = BlockSet.of(new SerializedBlockSet(bytes));
    Imports.requireSameBlocks(self, set);
    ImportedSet imported = new ImportedSet(set, peer, environment.layouts());
    if (!imported.isOf(member.agent())) {
      throw gone(member);
    }
    return new Link(member, imported, waits);
  }

  private long left(long deadlineNanos) {
    long left = deadlineNanos - environment.deadlines().nanoTime();
    if (left <= 0) {
      throw new TransientException(
          ErrorCode.DEADLINE_EXCEEDED, "no time is left to ask another worker");
    }
    return left;
  }

  private Link keep(Link link) {
    String name = link.member().agent().name();
    synchronized (this) {
      pauses.remove(name);
      Link other = links.get(name);
      if (other != null
          && other.imported().isUsable()
          && other.imported().isOf(link.member().agent())) {
        return other;
      }
      if (!closed) {
        links.put(name, link);
        return link;
      }
    }
    end(link);
    throw gone(link.member());
  }

  /** Leaves a peer alone for a while. */
  synchronized void pause(DirectoryMember member) {
    Pause before = pauses.get(member.agent().name());
    int failures = before == null ? 0 : Math.min(before.failures() + 1, MAX_DOUBLINGS);
    pauses.put(
        member.agent().name(),
        new Pause(environment.clock().nanoTime() + (FIRST_PAUSE_NANOS << failures), failures));
  }

  /** A member is gone: whoever waits for it is told at once. */
  void drop(DirectoryMember member) {
    Link dropped;
    synchronized (this) {
      Link link = links.get(member.agent().name());
      pauses.remove(member.agent().name());
      if (link == null || !link.imported().isOf(member.agent())) {
        return;
      }
      links.remove(member.agent().name());
      dropped = link;
    }
    end(dropped);
    environment.executor().execute(dropped.imported().peer()::close); // drains, so not here
  }

  private static void end(Link link) {
    link.waits().fail(gone(link.member()));
    link.imported().close();
  }

  private static TransientException gone(DirectoryMember member) {
    return new TransientException(
        ErrorCode.DISCONNECTED,
        "agent '%s' of worker %d is gone".formatted(member.agent().name(), member.workerId()));
  }

  @Override
  public void close() {
    Map<String, Link> all;
    synchronized (this) {
      closed = true;
      all = Map.copyOf(links);
      links.clear();
    }
    all.values().forEach(PeerLinks::end);
  }
}
