package io.kvbm.backend.disk.slab;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.storage.Region;
import io.kvbm.backend.disk.io.IoCallback;
import io.kvbm.backend.disk.io.IoRequest;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One block on its way to or from a slot: waits for a buffer, is one request to the engine, and
 * gives slot and buffer back when nobody touches them any more.
 *
 * <p>The caller is told once: at the end, or at the deadline. Slot, buffer and batch end when both
 * the engine has released the request and the work on its bytes is over.
 */
abstract class SlotOperation implements SlotBuffers.Borrower, IoCallback {

  /** Above, copying and checksums run on the computing threads. */
  static final long INLINE_BYTE_SIZE = 64 << 10;

  final SlabStore store;
  final SlabBatch batch;
  final int block;
  final int slot;
  final long deadlineNanos;
  private final AtomicBoolean told = new AtomicBoolean();

  /** The engine's hold on the buffer, and that of the work on its bytes. */
  private final AtomicInteger holds = new AtomicInteger(2);

  private @Nullable MemorySegment buffer;
  private volatile boolean givenUp;
  private volatile @Nullable Runnable success;

  SlotOperation(SlabStore store, SlabBatch batch, int block, int slot) {
    this.store = store;
    this.batch = batch;
    this.block = block;
    this.slot = slot;
    this.deadlineNanos = System.nanoTime() + store.settings().ioDeadlineNanos();
  }

  /** Checks the request and takes the slot; a failure is thrown, and the slot not taken. */
  abstract void admit();

  abstract void releaseSlot();

  /** Fills the buffer where needed; returns the request. */
  abstract IoRequest prepare(MemorySegment memory);

  /** Works on what was moved; returns what to tell. */
  abstract Runnable finish(MemorySegment memory);

  /** Bytes that are copied and summed. */
  abstract long byteSize();

  /** Bytes of a write that failed may be on disk in part. */
  void onFailure() {}

  /** Runs the operation, or tells why not. */
  final void run() {
    if (batch.isCancelled()) {
      batch.cancelled(block);
      batch.ended();
      return;
    }
    try {
      admit();
    } catch (KvbmException e) {
      batch.failed(block, e);
      batch.ended();
      return;
    }
    store.buffers().lend(this);
  }

  @Override
  public final void start(MemorySegment memory) {
    buffer = memory;
    if (batch.isCancelled()) {
      giveUpBeforeStart(() -> batch.cancelled(block));
    } else if (System.nanoTime() - deadlineNanos > 0) {
      giveUpBeforeStart(() -> batch.failed(block, late()));
    } else if (isWriteLike()) {
      compute(this::submit);
    } else {
      submit();
    }
  }

  /** Whether bytes are worked on before the request. */
  abstract boolean isWriteLike();

  private void submit() {
    try {
      store.engine().submit(List.of(prepare(buffer()).withDeadline(deadlineNanos)));
    } catch (KvbmException e) {
      giveUpBeforeStart(() -> batch.failed(block, e));
    } catch (RuntimeException e) {
      giveUpBeforeStart(() -> batch.failed(block, unexpected(e)));
    }
  }

  private void compute(Runnable work) {
    if (byteSize() <= INLINE_BYTE_SIZE) {
      work.run();
      return;
    }
    try {
      store.compute().execute(work);
    } catch (RejectedExecutionException e) {
      work.run();
    }
  }

  @Override
  public final void stalled() {
    releaseSlot();
    batch.failed(
        block,
        new TransientException(
            ErrorCode.DEADLINE_EXCEEDED,
            "slot %d waits behind %d operations the disk does not answer; check the device"
                .formatted(slot, store.settings().buffers(store.layout()))));
    batch.ended();
  }

  private void giveUpBeforeStart(Runnable tell) {
    releaseSlot();
    store.buffers().giveBack(buffer(), false);
    tell.run();
    batch.ended();
  }

  @Override
  public final void completed(IoRequest request, @Nullable KvbmException failure) {
    if (failure != null) {
      onFailure();
      if (failure.code() == ErrorCode.DEADLINE_EXCEEDED) {
        givenUp = true; // the device still has the buffer
        store.buffers().giveUp();
      }
      tell(() -> batch.failed(block, translate(failure)));
      letGo();
      return;
    }
    if (isWriteLike()) {
      finishNow();
    } else {
      compute(this::finishNow);
    }
  }

  private void finishNow() {
    try {
      success = finish(buffer());
    } catch (KvbmException e) {
      tell(() -> batch.failed(block, e));
    } catch (RuntimeException e) {
      tell(() -> batch.failed(block, unexpected(e)));
    } finally {
      letGo();
    }
  }

  @Override
  public final void released(IoRequest request) {
    letGo();
  }

  private void letGo() {
    if (holds.decrementAndGet() > 0) {
      return;
    }
    releaseSlot();
    store.buffers().giveBack(buffer(), givenUp);
    Runnable tellSuccess = success;
    if (tellSuccess != null) {
      tell(tellSuccess); // only now: whoever is told may use the slot at once
    }
    batch.ended();
  }

  private void tell(Runnable report) {
    if (told.compareAndSet(false, true)) {
      report.run();
    }
  }

  /** What a failure of the engine means for a block. */
  KvbmException translate(KvbmException failure) {
    return failure;
  }

  private MemorySegment buffer() {
    MemorySegment own = buffer;
    if (own == null) {
      throw new IllegalStateException("slot " + slot + " has no buffer");
    }
    return own;
  }

  private TransientException late() {
    return new TransientException(
        ErrorCode.DEADLINE_EXCEEDED,
        "slot %d was not reached before the deadline of %d ms (ioDeadline); the disk is too slow"
            .formatted(slot, store.settings().ioDeadlineNanos() / 1_000_000));
  }

  private KvbmException unexpected(RuntimeException e) {
    return new BackendException(
        ErrorCode.OPERATION_FAILED, "cannot move slot " + slot + ": " + e, e);
  }

  // ---- regions

  static long lengthOf(List<Region> regions) {
    long byteSize = 0;
    for (Region region : regions) {
      byteSize += host(region).byteSize();
    }
    return byteSize;
  }

  static MemorySegment host(Region region) {
    if (region instanceof Region.HostRegion host) {
      return host.segment();
    }
    throw new CallerException(
        ErrorCode.NOT_ACCESSIBLE,
        "the disk's block store takes host regions only, got " + region.getClass().getSimpleName());
  }

  TransientException busy() {
    return new TransientException(
        ErrorCode.LOCKED,
        "slot %d is in use by another operation; wait until that one is drained".formatted(slot));
  }
}
