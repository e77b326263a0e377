package io.kvbm.backend.remote.tcp;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.remote.ExportedStorage;
import io.kvbm.api.remote.RemoteAccess;
import io.kvbm.backend.remote.path.DataPath;
import io.kvbm.backend.remote.path.PathExport;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Memory that peers may use, and who is using it now. Threading: safe from any thread. */
final class Export {

  final ExportedStorage exported;
  final MemorySegment segment;
  final RemoteAccess access;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition idle = lock.newCondition();
  private final Map<Connection, Integer> users = new HashMap<>();
  private final Set<Session> holders = new HashSet<>();
  private @Nullable DataPath path;
  private @Nullable PathExport reachable;
  private boolean dirty;
  private boolean ended;
  private @Nullable Runnable whenIdle;

  Export(ExportedStorage exported, MemorySegment segment, RemoteAccess access) {
    this.exported = exported;
    this.segment = segment;
    this.access = access;
  }

  /** {@return whether the connection may use the memory until it leaves; false once it ended} */
  boolean enter(Connection user) {
    lock.lock();
    try {
      if (ended) {
        return false;
      }
      users.merge(user, 1, Integer::sum);
      return true;
    } finally {
      lock.unlock();
    }
  }

  void leave(Connection user) {
    Runnable last = null;
    lock.lock();
    try {
      users.computeIfPresent(user, (_, count) -> count == 1 ? null : count - 1);
      last = lastOne();
    } finally {
      lock.unlock();
    }
    if (last != null) {
      last.run();
    }
  }

  private @Nullable Runnable lastOne() {
    if (!ended || isUsed()) {
      return null;
    }
    Runnable last = whenIdle;
    whenIdle = null;
    idle.signalAll();
    return last;
  }

  private boolean isUsed() {
    return !users.isEmpty() || !holders.isEmpty();
  }

  // ---- the data path ----

  /**
   * Lets a peer use the memory on the data path until it has returned it.
   *
   * @throws ClosedException once it ended
   */
  PathExport grant(Session holder, DataPath current) {
    lock.lock();
    try {
      if (ended) {
        throw new ClosedException(ErrorCode.CLOSED, "the storage is exported no longer");
      }
      PathExport known = reachable;
      if (known == null || path != current) {
        known = current.export(segment);
        reachable = known;
        path = current;
        dirty = false; // What was on its way on another path ended with that.
      }
      holders.add(holder);
      return known;
    } finally {
      lock.unlock();
    }
  }

  /** A peer uses the memory on the data path no more; dirty: but a copy may be on its way. */
  void returned(Session holder, boolean isDirty) {
    Runnable last = null;
    lock.lock();
    try {
      if (holders.remove(holder)) {
        dirty |= isDirty;
        last = lastOne();
      }
    } finally {
      lock.unlock();
    }
    if (last != null) {
      last.run();
    }
  }

  /** {@return the path that may still touch the memory, so that it must be closed first} */
  @Nullable DataPath unsafePath() {
    lock.lock();
    try {
      return dirty || !holders.isEmpty() ? path : null;
    } finally {
      lock.unlock();
    }
  }

  /** Takes the memory from the data path, which touches it no more. */
  void leavePath() {
    lock.lock();
    try {
      if (reachable != null) {
        reachable.close();
        reachable = null;
      }
    } finally {
      lock.unlock();
    }
  }

  // ---- the end ----

  /** Lets nobody begin any more. */
  void stop() {
    lock.lock();
    try {
      ended = true;
    } finally {
      lock.unlock();
    }
  }

  /** Lets nobody begin any more; runs the action as soon as nobody uses the memory. */
  void end(Runnable action) {
    lock.lock();
    try {
      ended = true;
      if (isUsed()) {
        whenIdle = action;
        return;
      }
    } finally {
      lock.unlock();
    }
    action.run();
  }

  /**
   * Lets nobody begin any more and waits for those that have begun; after the time their
   * connections are cut. {@return whether nobody uses the memory any more}
   */
  boolean endAndWait(long timeoutNanos) {
    lock.lock();
    try {
      ended = true;
      if (await(timeoutNanos)) {
        return true;
      }
      for (Connection user : users.keySet().toArray(new Connection[0])) {
        user.channel().close();
      }
      List<Session> silent = List.copyOf(holders);
      lock.unlock();
      try {
        silent.forEach(Session::cut); // which may end them at once, on their own event loop
      } finally {
        lock.lock();
      }
      // Peers that hold a key are no obstacle from here on: the path they could use is closed.
      return await(Math.max(timeoutNanos, TimeUnit.SECONDS.toNanos(5))) || users.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  private boolean await(long timeoutNanos) {
    boolean interrupted = false;
    long end = System.nanoTime() + timeoutNanos;
    // A release on an event loop may wait for what only that loop can end: its own are cut first.
    for (Connection user : users.keySet().toArray(new Connection[0])) {
      if (user.channel().eventLoop().inEventLoop()) {
        lock.unlock();
        try {
          user.channel().close();
          user.dropPayload();
          user.ended();
        } finally {
          lock.lock();
        }
      }
    }
    for (Session holder : holders.toArray(new Session[0])) {
      if (holder.isOnOwnLoop()) {
        lock.unlock();
        try {
          holder.left(null);
        } finally {
          lock.lock();
        }
      }
    }
    while (isUsed()) {
      long left = end - System.nanoTime();
      if (left <= 0) {
        break;
      }
      try {
        idle.awaitNanos(left);
      } catch (InterruptedException _) {
        interrupted = true; // the memory is freed after this: it must not end early
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return !isUsed();
  }
}
