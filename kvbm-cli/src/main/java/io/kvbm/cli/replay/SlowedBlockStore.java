package io.kvbm.cli.replay;

import io.kvbm.api.storage.Region;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.transfer.TransferCompletion;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** A block store on a disk that moves so many bytes a second and no more, one after the other. */
final class SlowedBlockStore extends ForwardingBlockStore {

  private final long bytesPerSecond;

  /** The disk: one request at a time. */
  private final ExecutorService disk =
      Executors.newSingleThreadExecutor(
          task -> Thread.ofPlatform().daemon().name("replay-slow-disk").unstarted(task));

  private long freeAtNanos = System.nanoTime();

  SlowedBlockStore(BlockStore store, long bytesPerSecond) {
    super(store);
    this.bytesPerSecond = bytesPerSecond;
  }

  @Override
  public void write(List<BlockWrite> writes, TransferCompletion completion) {
    long bytes = 0;
    for (BlockWrite write : writes) {
      bytes += write.source().stream().mapToLong(Region::byteSize).sum();
    }
    afterMoving(bytes, completion, () -> super.write(writes, completion));
  }

  @Override
  public void read(List<BlockRead> reads, TransferCompletion completion) {
    long bytes = 0;
    for (BlockRead read : reads) {
      bytes += read.target().stream().mapToLong(Region::byteSize).sum();
    }
    afterMoving(bytes, completion, () -> super.read(reads, completion));
  }

  /** What nobody wants any more when its turn comes takes no time. */
  private void afterMoving(long bytes, TransferCompletion completion, Runnable request) {
    disk.execute(
        () -> {
          if (!completion.isCancelled()) {
            long now = System.nanoTime();
            long from = now - freeAtNanos > 0 ? now : freeAtNanos;
            freeAtNanos = from + (long) (bytes * 1e9 / bytesPerSecond);
            sleepUntil(freeAtNanos);
          }
          request.run();
        });
  }

  private static void sleepUntil(long nanos) {
    long left = nanos - System.nanoTime();
    while (left > 0) {
      try {
        TimeUnit.NANOSECONDS.sleep(left);
      } catch (InterruptedException _) {
        return; // the store is being closed
      }
      left = nanos - System.nanoTime();
    }
  }

  @Override
  public void close() {
    disk.shutdownNow().forEach(Runnable::run); // each still reports to somebody
    boolean interrupted = false;
    while (!disk.isTerminated()) {
      try {
        disk.awaitTermination(1, TimeUnit.MINUTES);
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    super.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
