package io.kvbm.backend.system;

import io.kvbm.api.ClosedException;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.Gate;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.api.transfer.Transport;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Copies host memory with the CPU. Null storage gives zeros and takes everything. Short batches are
 * copied by the thread that submits them, long ones by the compute threads, all of them together.
 */
final class MemcpyTransport implements Transport {

  /**
   * Bytes from which on a batch is split over threads. Measured on two cores, two threads beside
   * one, over memory that no cache holds: 1 MiB 0.62 times as fast, 4 MiB 0.81, 8 MiB 0.99, 16 MiB
   * 1.08, 64 MiB 1.13; what a cache holds gains later still. A copy below takes less than a
   * millisecond, so its submitter can make it.
   */
  static final long INLINE_BELOW = 16L << 20;

  private static final Set<String> KINDS = Set.of("system", "pinned", "null");
  private static final int COST = 10;

  private final Executor executor;
  private final int parallelism;
  private final System.Logger logger;
  private final Gate gate = new Gate("the system backend");

  MemcpyTransport(BackendContext context) {
    this(context.computeExecutor(), context.computeParallelism(), context.logger());
  }

  MemcpyTransport(Executor executor, int parallelism, System.Logger logger) {
    this.executor = executor;
    this.parallelism = parallelism;
    this.logger = logger;
  }

  @Override
  public String name() {
    return "memcpy";
  }

  @Override
  public boolean supports(Route route) {
    return KINDS.contains(route.source().kind()) && KINDS.contains(route.target().kind());
  }

  @Override
  public int cost(Route route) {
    return COST;
  }

  @Override
  public void submit(TransferBatch batch, TransferCompletion completion) {
    MemcpyTask task = new MemcpyTask(batch, completion, logger, gate::leave);
    try {
      gate.enter();
    } catch (ClosedException e) {
      task.refuse(e);
      return;
    }
    if (batch.totalByteSize() < INLINE_BELOW) {
      task.run();
      return;
    }
    int workers = Math.clamp(task.pieceCount(), 1, parallelism);
    for (int i = 0; i < workers; i++) {
      try {
        executor.execute(task);
      } catch (RejectedExecutionException | OutOfMemoryError e) {
        task.run(); // closing, or no thread to be had: finish what was promised here
        return;
      }
    }
  }

  /**
   * Refuses later batches and waits for those in flight. Later calls do nothing. Not to be called
   * by a completion, which it would wait for.
   */
  void close() {
    gate.close();
  }
}
