package io.kvbm.backend.cuda;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageType;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.backend.cuda.CopyPlan.Step;
import io.kvbm.cuda.CopyKernel;
import io.kvbm.cuda.CudaDevice;
import io.kvbm.cuda.CudaStream;
import io.kvbm.cuda.CudaStream.Direction;
import io.kvbm.cuda.CudaStream.Rows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One batch on its way: started by one thread, ended by that of a stream. A block is done once the
 * stream says that everything started has ended well; a failure of work that runs cannot be laid at
 * the door of one block, so it fails all that was started along with it.
 */
final class CudaTask {

  private final TransferBatch batch;
  private final TransferCompletion completion;
  private final CudaTransport transport;
  private final Runnable ended;
  private final @Nullable KvbmException[] failures;
  private final boolean[] cancelled;
  private final Map<Way, CopyPlan> plans = new LinkedHashMap<>();
  private final List<CopyKernel.Table> tables = new ArrayList<>();

  /** Streams whose end is waited for, and one for the thread that starts. Under the lock. */
  private int pending = 1;

  /**
   * @param ended run after the batch was reported drained
   */
  CudaTask(
      TransferBatch batch, TransferCompletion completion, CudaTransport transport, Runnable ended) {
    this.batch = batch;
    this.completion = completion;
    this.transport = transport;
    this.ended = ended;
    this.failures = new KvbmException[batch.blockCount()];
    this.cancelled = new boolean[batch.blockCount()];
  }

  /**
   * @param device which copies: that of the target, or of the source where the target is no device
   * @param source the device of the source, or the same
   */
  private record Way(int device, int source) {

    boolean isBetweenDevices() {
      return device != source;
    }
  }

  /** Fails every block, in the place of {@link #start}. */
  void refuse(KvbmException cause) {
    Arrays.fill(failures, cause);
    report();
  }

  void start() {
    int copy = 0;
    while (copy < batch.size()) {
      copy = plan(copy);
    }
    plans.forEach(this::start);
    leave();
  }

  /** Plans the copies of one block; {@return the first copy of the next} */
  private int plan(int first) {
    int block = batch.block(first);
    int end = first;
    while (end < batch.size() && batch.block(end) == block) {
      end++;
    }
    if (completion.isCancelled()) {
      cancelled[block] = true;
      return end;
    }
    try {
      for (int copy = first; copy < end; copy++) { // a block that cannot move is not begun
        addressOf(batch.source(copy));
        addressOf(batch.target(copy));
      }
      for (int copy = first; copy < end; copy++) {
        plan(copy, wayOf(copy));
      }
    } catch (RuntimeException | Error e) {
      failures[block] = known(e);
    }
    return end;
  }

  private void plan(int copy, Way way) {
    plans
        .computeIfAbsent(way, _ -> new CopyPlan(maxPitch(way)))
        .add(
            batch,
            copy,
            addressOf(batch.source(copy)) + batch.sourceOffset(copy),
            addressOf(batch.target(copy)) + batch.targetOffset(copy));
  }

  /** Rows are copied on one device only. */
  private long maxPitch(Way way) {
    return way.isBetweenDevices() ? 0 : transport.lane(way.device()).shared().device().maxPitch();
  }

  private Way wayOf(int copy) {
    StorageType source = batch.source(copy).type();
    StorageType target = batch.target(copy).type();
    int device = Math.toIntExact(target.isDevice() ? target.id() : source.id());
    return new Way(device, source.isDevice() ? Math.toIntExact(source.id()) : device);
  }

  private static long addressOf(Storage storage) {
    return switch (storage.region()) {
      case Region.DeviceRegion region -> region.address();
      case Region.HostRegion region -> region.segment().address();
      case Region.NullRegion _, Region.FileRegion _, Region.RemoteRegion _ ->
          throw new CallerException(
              ErrorCode.NOT_ACCESSIBLE,
              storage.type() + " storage has no memory that a CUDA device could reach");
    };
  }

  private void start(Way way, CopyPlan plan) {
    CudaStream stream;
    try {
      stream = transport.lane(way.device()).stream(direction());
    } catch (RuntimeException | Error e) {
      fail(plan.steps(), known(e));
      return;
    }
    start(way, plan, stream);
  }

  private void start(Way way, CopyPlan plan, CudaStream stream) {
    List<Step> begun = new ArrayList<>();
    try {
      CopyKernel kernel = kernelFor(way, plan);
      if (kernel != null) {
        startKernel(kernel, stream, plan, begun);
      } else {
        plan.steps().forEach(step -> startStep(stream, way, step, begun));
      }
      if (!begun.isEmpty()) {
        awaitEnd(stream, begun);
      }
    } catch (RuntimeException | Error e) {
      fail(plan.steps(), known(e)); // those that were not begun, too
      if (!begun.isEmpty()) {
        stream.settle(); // nobody may touch the blocks while they move
      }
    }
  }

  /** {@return the kernel, or null where calls of the driver are to copy} */
  private @Nullable CopyKernel kernelFor(Way way, CopyPlan plan) {
    if (way.isBetweenDevices() || !transport.wantsKernel(batch.route(), plan)) {
      return null;
    }
    Lane lane = transport.lane(way.device());
    return reachesHost(lane.shared().device()) ? lane.kernel() : null;
  }

  /** What calls itself page-locked may not be: a kernel that touched it would lose the context. */
  private boolean reachesHost(CudaDevice device) {
    Set<Storage> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (int copy = 0; copy < batch.size(); copy++) {
      Storage source = batch.source(copy);
      Storage host = source.type().isDevice() ? batch.target(copy) : source;
      if (!host.type().isDevice() && seen.add(host) && !reaches(device, host)) {
        return false;
      }
    }
    return true;
  }

  private static boolean reaches(CudaDevice device, Storage host) {
    long first = addressOf(host);
    return device.reachesHost(first) && device.reachesHost(first + host.byteSize() - 1);
  }

  private Direction direction() {
    if (!batch.route().source().isDevice()) {
      return Direction.TO_DEVICE;
    }
    return batch.route().target().isDevice() ? Direction.ON_DEVICE : Direction.TO_HOST;
  }

  private void startStep(CudaStream stream, Way way, Step step, List<Step> begun) {
    Rows rows = step.rows();
    try {
      if (way.isBetweenDevices()) {
        CudaDevice from = transport.lane(way.source()).shared().device();
        stream.copyFrom(rows.source(), from, rows.target(), rows.width());
      } else if (rows.height() == 1) {
        stream.copy(direction(), rows.source(), rows.target(), rows.width());
      } else {
        stream.copy(direction(), rows);
      }
      begun.add(step);
    } catch (KvbmException e) {
      fail(List.of(step), e);
    }
  }

  private void startKernel(CopyKernel kernel, CudaStream stream, CopyPlan plan, List<Step> begun) {
    CopyKernel.Table table = newTable(kernel);
    for (Step step : plan.steps()) {
      begun.add(step); // with the first call some of it may be under way
      Rows rows = step.rows();
      for (long row = 0; row < rows.height(); row++) {
        if (table.isFull()) {
          table.start(stream);
          table = newTable(kernel);
        }
        table.add(
            rows.source() + row * rows.sourcePitch(),
            rows.target() + row * rows.targetPitch(),
            rows.width());
      }
    }
    table.start(stream);
  }

  private CopyKernel.Table newTable(CopyKernel kernel) {
    CopyKernel.Table table = kernel.table();
    tables.add(table);
    return table;
  }

  private void awaitEnd(CudaStream stream, List<Step> begun) {
    synchronized (this) {
      pending++;
    }
    try {
      stream.whenDone(
          failure -> {
            failure.ifPresent(cause -> fail(begun, cause));
            leave();
          });
    } catch (RuntimeException | Error e) {
      synchronized (this) {
        pending--;
      }
      throw e;
    }
  }

  private synchronized void fail(List<Step> steps, KvbmException cause) {
    for (Step step : steps) {
      for (int block = step.firstBlock(); block <= step.lastBlock(); block++) {
        if (failures[block] == null) {
          failures[block] = cause;
        }
      }
    }
  }

  private void leave() {
    synchronized (this) {
      if (--pending > 0) {
        return;
      }
    }
    report();
  }

  private void report() {
    tables.forEach(CopyKernel.Table::release);
    long[] byteSizes = new long[batch.blockCount()];
    for (int copy = 0; copy < batch.size(); copy++) {
      byteSizes[batch.block(copy)] += batch.byteSize(copy);
    }
    for (int block = 0; block < batch.blockCount(); block++) {
      int reported = block;
      tell(() -> report(reported, byteSizes[reported]));
    }
    try {
      tell(completion::drained);
    } finally {
      ended.run();
    }
  }

  private void report(int block, long byteSize) {
    KvbmException failure = failures[block];
    if (cancelled[block]) {
      completion.cancelled(block);
    } else if (failure != null) {
      completion.failed(block, failure);
    } else {
      completion.done(block, byteSize);
    }
  }

  /** A completion that throws must not keep the other blocks from being reported. */
  private void tell(Runnable report) {
    try {
      report.run();
    } catch (RuntimeException | Error e) {
      transport.logger().log(System.Logger.Level.ERROR, "a transfer completion threw", e);
    }
  }

  private static KvbmException known(Throwable error) {
    return error instanceof KvbmException known
        ? known
        : new BackendException(
            ErrorCode.OPERATION_FAILED, "a copy could not be started: " + error, error);
  }
}
