package io.kvbm.backend.remote.tcp;

import io.kvbm.api.remote.ExportedStorage;
import io.kvbm.api.remote.RemoteAccess;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
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
      if (ended && users.isEmpty()) {
        last = whenIdle;
        whenIdle = null;
        idle.signalAll();
      }
    } finally {
      lock.unlock();
    }
    if (last != null) {
      last.run();
    }
  }

  /** Lets nobody begin any more; runs the action as soon as nobody uses the memory. */
  void end(Runnable action) {
    lock.lock();
    try {
      ended = true;
      if (!users.isEmpty()) {
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
      return await(Math.max(timeoutNanos, TimeUnit.SECONDS.toNanos(5)));
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
    while (!users.isEmpty()) {
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
    return users.isEmpty();
  }
}
