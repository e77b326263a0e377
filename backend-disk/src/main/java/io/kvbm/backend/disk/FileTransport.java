package io.kvbm.backend.disk;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.api.transfer.Transport;
import java.util.Set;
import java.util.concurrent.Executor;

/**
 * Moves bytes between files and host memory, on the I/O threads the platform lends.
 *
 * <p>Copies that follow each other in file and memory become one read or write. Several threads
 * work on one batch, so that the device has several requests at once.
 */
final class FileTransport implements Transport, AutoCloseable {

  private static final String DISK = "disk";
  private static final Set<String> HOST_KINDS = Set.of("system", "pinned");

  private final Executor executor;
  private final int ioDepth;
  private final BufferPool buffers;
  private final AlignedIo io;
  private final Object lock = new Object();
  private int running;
  private boolean closed;

  /**
   * @param executor threads that are never interrupted
   * @param budget what the buffers of unaligned copies are taken from
   * @param ioDepth how many threads work on one batch
   */
  FileTransport(Executor executor, MemoryBudget budget, int ioDepth) {
    this.executor = executor;
    this.ioDepth = ioDepth;
    this.buffers = new BufferPool(budget, ioDepth);
    this.io = new AlignedIo(buffers);
  }

  @Override
  public String name() {
    return "disk-file";
  }

  @Override
  public boolean supports(Route route) {
    String source = route.source().kind();
    String target = route.target().kind();
    return (source.equals(DISK) && HOST_KINDS.contains(target))
        || (HOST_KINDS.contains(source) && target.equals(DISK));
  }

  @Override
  public void submit(TransferBatch batch, TransferCompletion completion) {
    FileBatch work = new FileBatch(batch, completion, io, this::ended);
    if (begun()) {
      work.start(executor, ioDepth);
    } else {
      work.refuse(new ClosedException(ErrorCode.CLOSED, "the disk backend is closed"));
    }
  }

  private boolean begun() {
    synchronized (lock) {
      if (closed) {
        return false;
      }
      running++;
      return true;
    }
  }

  private void ended() {
    synchronized (lock) {
      running--;
      lock.notifyAll();
    }
  }

  /**
   * Refuses later batches, waits for those in flight and frees the buffers. Later calls do nothing.
   * Not to be called by a completion, which it would wait for.
   */
  @Override
  public void close() {
    boolean interrupted = false;
    synchronized (lock) {
      closed = true;
      while (running > 0) {
        try {
          lock.wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    buffers.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
