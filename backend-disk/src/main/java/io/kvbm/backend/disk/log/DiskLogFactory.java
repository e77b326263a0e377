package io.kvbm.backend.disk.log;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.store.Log;
import io.kvbm.api.store.LogFactory;
import io.kvbm.backend.disk.io.IoEngine;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Opens logs in directories; its close closes them. Threading: safe from any thread. */
public final class DiskLogFactory implements LogFactory, AutoCloseable {

  private final Disk disk;
  private final Supplier<IoEngine> engines;
  private final Path root;
  private final LogSettings settings;
  private final Executor threads;
  private final List<DiskLog> open = new ArrayList<>();
  private @Nullable IoEngine engine;
  private boolean closed;

  /**
   * Creates a factory; no I/O yet.
   *
   * @param disk where the files are; stays the caller's
   * @param engines makes what reads and writes them, when the first log is opened; closed with this
   * @param root where relative locations are
   * @param settings of every log
   * @param threads platform threads that are never interrupted
   */
  public DiskLogFactory(
      Disk disk, Supplier<IoEngine> engines, Path root, LogSettings settings, Executor threads) {
    this.disk = disk;
    this.engines = engines;
    this.root = root;
    this.settings = settings;
    this.threads = threads;
  }

  @Override
  public String storageKind() {
    return "disk";
  }

  /** Opens the log in a directory, which is made where it is missing. */
  @Override
  public Log open(String location) {
    Path directory;
    try {
      directory = root.resolve(location).toAbsolutePath();
    } catch (InvalidPathException e) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "the location of a log is a directory, got '%s': %s".formatted(location, e.getReason()));
    }
    SegmentFiles files = new SegmentFiles(disk, engine(), directory, settings, LogChecks.ALL);
    DiskLog[] opened = new DiskLog[1];
    DiskLog log = DiskLog.open(files, threads, () -> forget(opened[0]));
    opened[0] = log;
    remember(log);
    return log;
  }

  private synchronized IoEngine engine() {
    requireOpen();
    IoEngine known = engine;
    if (known == null) {
      known = engines.get();
      engine = known;
    }
    return known;
  }

  private synchronized void requireOpen() {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, "the disk backend is closed");
    }
  }

  private void remember(DiskLog log) {
    synchronized (this) {
      if (!closed) {
        open.add(log);
        return;
      }
    }
    log.close();
    requireOpen();
  }

  private synchronized void forget(@Nullable DiskLog log) {
    open.remove(log);
  }

  @Override
  public void close() {
    List<DiskLog> left;
    synchronized (this) {
      closed = true;
      left = List.copyOf(open);
    }
    KvbmException failure = null;
    for (DiskLog log : left) {
      try {
        log.close();
      } catch (KvbmException e) {
        failure = failure == null ? e : failure;
      }
    }
    closeEngine();
    if (failure != null) {
      throw failure;
    }
  }

  private void closeEngine() {
    IoEngine known;
    synchronized (this) {
      known = engine;
      engine = null;
    }
    if (known != null) {
      known.close();
    }
  }
}
