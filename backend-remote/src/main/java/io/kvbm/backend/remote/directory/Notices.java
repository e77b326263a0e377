package io.kvbm.backend.remote.directory;

import io.kvbm.api.remote.DirectoryListener;
import io.kvbm.api.remote.DirectoryMember;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/**
 * Tells a listener one thing after the other, on threads of the platform, so that a slow listener
 * holds up nobody. Threading: safe from any thread.
 */
public final class Notices {

  // Members come and go by the hundred at most; a listener that is further behind has hung.
  private static final int MAX_WAITING = 65_536;

  private final DirectoryListener listener;
  private final Executor executor;
  private final System.Logger logger;
  private final ArrayDeque<Consumer<DirectoryListener>> waiting = new ArrayDeque<>();
  private boolean running;
  private boolean closed;

  /**
   * Creates what tells a listener.
   *
   * @param listener who is told
   * @param executor where
   * @param logger where a listener that throws is reported
   */
  public Notices(DirectoryListener listener, Executor executor, System.Logger logger) {
    this.listener = listener;
    this.executor = executor;
    this.logger = logger;
  }

  /**
   * Tells that a member has come.
   *
   * @param member who
   */
  public void joined(DirectoryMember member) {
    tell(to -> to.joined(member));
  }

  /**
   * Tells that a member has gone.
   *
   * @param member who
   */
  public void left(DirectoryMember member) {
    tell(to -> to.left(member));
  }

  /**
   * Tells that the directory was lost or found.
   *
   * @param connected whether it can be reached
   */
  public void connection(boolean connected) {
    tell(to -> to.connection(connected));
  }

  /** Tells nothing more; a call that runs may still be running. */
  public synchronized void close() {
    closed = true;
    waiting.clear();
  }

  private synchronized void tell(Consumer<DirectoryListener> notice) {
    if (closed || listener == DirectoryListener.NONE) {
      return;
    }
    if (waiting.size() == MAX_WAITING) {
      logger.log(
          System.Logger.Level.ERROR,
          "a directory's listener does not return: it is told nothing more");
      close();
      return;
    }
    waiting.add(notice);
    if (!running) {
      running = true;
      try {
        executor.execute(this::run);
      } catch (RejectedExecutionException e) {
        close(); // the platform ends
      }
    }
  }

  private void run() {
    while (true) {
      Consumer<DirectoryListener> notice;
      synchronized (this) {
        notice = waiting.poll();
        if (notice == null) {
          running = false;
          return;
        }
      }
      try {
        notice.accept(listener);
      } catch (RuntimeException e) {
        logger.log(System.Logger.Level.WARNING, "a directory's listener threw", e);
      }
    }
  }
}
