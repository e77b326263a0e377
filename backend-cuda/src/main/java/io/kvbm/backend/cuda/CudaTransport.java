package io.kvbm.backend.cuda;

import io.kvbm.api.BackendException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.api.transfer.Transport;
import io.kvbm.cuda.CudaStream.Rows;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Copies between host memory and GPUs, and among GPUs, on streams of its own: work of others on the
 * same device is not waited for. From and to page-locked memory the copy engines work while the
 * host goes on; ordinary host memory the driver copies through a buffer of its own, which blocks,
 * so a thread for I/O starts such batches.
 */
final class CudaTransport implements Transport {

  private static final String DEVICE = "device";
  private static final Set<String> HOSTS = Set.of("pinned", "system");
  private static final int COST = 10;
  private static final int COST_OF_PAGEABLE = 60;

  private final SmallCopies smallCopies;
  private final Executor ioExecutor;
  private final System.Logger logger;
  private final Map<Integer, Lane> lanes = new TreeMap<>();
  private int inFlight;
  private boolean closed;

  CudaTransport(SmallCopies smallCopies, BackendContext context) {
    this.smallCopies = smallCopies;
    this.ioExecutor = context.ioExecutor();
    this.logger = context.logger();
  }

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public boolean supports(Route route) {
    String source = route.source().kind();
    String target = route.target().kind();
    return source.equals(DEVICE)
        ? target.equals(DEVICE) || HOSTS.contains(target)
        : target.equals(DEVICE) && HOSTS.contains(source);
  }

  @Override
  public int cost(Route route) {
    return isPageable(route) ? COST_OF_PAGEABLE : COST;
  }

  private static boolean isPageable(Route route) {
    return route.source().kind().equals("system") || route.target().kind().equals("system");
  }

  System.Logger logger() {
    return logger;
  }

  /** {@return what copies on a device, opened at the first use} */
  Lane lane(int device) {
    synchronized (lanes) {
      return lanes.computeIfAbsent(device, Lane::new);
    }
  }

  /** The kernel reaches device memory and page-locked host memory. */
  boolean wantsKernel(Route route, CopyPlan plan) {
    if (isPageable(route)) {
      return false;
    }
    long regions = 0;
    long byteSize = 0;
    for (CopyPlan.Step step : plan.steps()) {
      Rows rows = step.rows();
      regions += rows.height();
      byteSize += rows.height() * rows.width();
    }
    return smallCopies.wantsKernel(plan.steps().size(), regions, byteSize);
  }

  @Override
  public void submit(TransferBatch batch, TransferCompletion completion) {
    synchronized (this) {
      if (closed) {
        new CudaTask(batch, completion, this, () -> {})
            .refuse(
                new ClosedException(ErrorCode.CLOSED, "the cuda backend is closed; open it again"));
        return;
      }
      inFlight++;
    }
    CudaTask task = new CudaTask(batch, completion, this, this::left);
    if (!isPageable(batch.route())) {
      task.start();
      return;
    }
    try {
      ioExecutor.execute(task::start);
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      task.refuse(
          new BackendException(ErrorCode.OPERATION_FAILED, "no thread takes a copy: " + e, e));
    }
  }

  private synchronized void left() {
    inFlight--;
    notifyAll();
  }

  /**
   * Refuses later batches and waits for those in flight. Not to be called by a completion, which it
   * would wait for.
   */
  void close() {
    boolean interrupted = false;
    synchronized (this) {
      closed = true;
      while (inFlight > 0) {
        try {
          wait();
        } catch (InterruptedException _) {
          interrupted = true; // memory in use cannot be let go, interrupted or not
        }
      }
    }
    synchronized (lanes) {
      lanes.values().forEach(this::close);
      lanes.clear();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void close(Lane lane) {
    try {
      lane.close();
    } catch (KvbmException e) {
      logger.log(System.Logger.Level.WARNING, "a CUDA device was not closed", e);
    }
  }
}
