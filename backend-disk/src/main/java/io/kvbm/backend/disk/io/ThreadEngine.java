package io.kvbm.backend.disk.io;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** Runs requests on platform threads of its own, through {@link io.kvbm.api.disk.DiskFile}. */
public final class ThreadEngine implements IoEngine {

  private final String name;
  private final ArrayDeque<IoRequest> waiting = new ArrayDeque<>();
  private final List<Thread> threads = new ArrayList<>();
  private boolean closed;

  /**
   * Starts the threads.
   *
   * @param name what to report: {@code direct} or {@code buffered}
   * @param threadCount how many requests run at once, above 0
   */
  public ThreadEngine(String name, int threadCount) {
    this.name = name;
    for (int i = 0; i < threadCount; i++) {
      threads.add(
          Thread.ofPlatform().daemon().name("kvbm-disk-" + name + "-" + i).start(this::work));
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int depth() {
    return threads.size();
  }

  @Override
  public synchronized void submit(List<IoRequest> batch) {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, "the disk engine is closed");
    }
    waiting.addAll(batch);
    notifyAll();
  }

  private void work() {
    while (true) {
      IoRequest request;
      synchronized (this) {
        while (waiting.isEmpty() && !closed) {
          try {
            wait();
          } catch (InterruptedException e) {
            // Nobody is told to stop this way.
          }
        }
        if (waiting.isEmpty()) {
          return;
        }
        request = waiting.poll();
      }
      InlineEngine.perform(request);
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread != Thread.currentThread() && thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
