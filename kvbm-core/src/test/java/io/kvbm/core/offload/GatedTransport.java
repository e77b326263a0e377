package io.kvbm.core.offload;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.api.transfer.Transport;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Copies host memory, unless the test lets it wait, fail or throw. */
final class GatedTransport implements Transport {

  /** Whether batches wait for {@link #releaseNext} or {@link #releaseAll}. */
  volatile boolean holds;

  /** Whether a submit throws. */
  volatile boolean throwing;

  /** Source slots whose blocks fail. */
  final Set<Integer> failingSlots = ConcurrentHashMap.newKeySet();

  /** The source slots of each batch, in the order of their coming. */
  final List<List<Integer>> batches = new CopyOnWriteArrayList<>();

  /** How many copies each batch had. */
  final List<Integer> copyCounts = new CopyOnWriteArrayList<>();

  /** Where copies are made; null = where they are submitted. */
  volatile @Nullable Executor copier;

  private final Map<Storage, Integer> blocksOf = new ConcurrentHashMap<>();
  private final BlockingQueue<Runnable> held = new LinkedBlockingQueue<>();

  void know(Storage storage, int blocks) {
    blocksOf.put(storage, blocks);
  }

  @Override
  public String name() {
    return "gated";
  }

  @Override
  public boolean supports(Route route) {
    return true;
  }

  @Override
  public void submit(TransferBatch batch, TransferCompletion completion) {
    if (throwing) {
      throw new BackendException(ErrorCode.OPERATION_FAILED, "the transport is broken", null);
    }
    Set<Integer> slots = new TreeSet<>();
    for (int copy = 0; copy < batch.size(); copy++) {
      slots.addAll(slots(batch, copy));
    }
    batches.add(new ArrayList<>(slots));
    copyCounts.add(batch.size());
    Executor executor = copier;
    if (holds) {
      held.add(() -> copy(batch, completion));
    } else if (executor != null) {
      executor.execute(() -> copy(batch, completion));
    } else {
      copy(batch, completion);
    }
  }

  private List<Integer> slots(TransferBatch batch, int copy) {
    long stride = batch.source(copy).byteSize() / blocksOf.get(batch.source(copy));
    int first = (int) (batch.sourceOffset(copy) / stride);
    List<Integer> slots = new ArrayList<>();
    for (long at = 0; at == 0 || at < batch.byteSize(copy); at += stride) {
      slots.add(first + slots.size());
    }
    return slots;
  }

  void releaseNext() {
    try {
      Runnable next = held.poll(20, TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("no batch came");
      }
      next.run();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  void releaseAll() {
    holds = false;
    for (Runnable next = held.poll(); next != null; next = held.poll()) {
      next.run();
    }
  }

  int heldCount() {
    return held.size();
  }

  private void copy(TransferBatch batch, TransferCompletion completion) {
    long[] moved = new long[batch.blockCount()];
    boolean[] failed = new boolean[batch.blockCount()];
    for (int copy = 0; copy < batch.size(); copy++) {
      failed[batch.block(copy)] |= slots(batch, copy).stream().anyMatch(failingSlots::contains);
      MemorySegment.copy(
          segment(batch.sourceRegion(copy)),
          0,
          segment(batch.targetRegion(copy)),
          0,
          batch.byteSize(copy));
      moved[batch.block(copy)] += batch.byteSize(copy);
    }
    for (int block = 0; block < moved.length; block++) {
      if (failed[block]) {
        completion.failed(
            block, new BackendException(ErrorCode.OPERATION_FAILED, "an injected error", null));
      } else {
        completion.done(block, moved[block]);
      }
    }
    completion.drained();
  }

  private static MemorySegment segment(Region region) {
    return ((Region.HostRegion) region).segment();
  }
}
