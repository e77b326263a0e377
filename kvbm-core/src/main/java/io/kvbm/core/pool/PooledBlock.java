package io.kvbm.core.pool;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockMetadata;
import io.kvbm.api.block.BlockView;
import io.kvbm.api.block.LayerView;
import io.kvbm.api.block.Locality;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** What every handle shares: its slot, and that it is open until closed or consumed. */
abstract class PooledBlock {

  private static final VarHandle ENDED;

  static {
    try {
      ENDED = MethodHandles.lookup().findVarHandle(PooledBlock.class, "ended", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  final BlockPool pool;
  final Slot slot;
  private LeakDetector.@Nullable Watch watch;
  private volatile boolean ended;

  PooledBlock(BlockPool pool, Slot slot) {
    this.pool = pool;
    this.slot = slot;
  }

  final void watch(LeakDetector.Watch value) {
    watch = value;
  }

  /** {@return whether this call ended the handle: it was open before} */
  final boolean tryEnd() {
    if (ended || !ENDED.compareAndSet(this, false, true)) {
      return false;
    }
    if (watch != null) {
      watch.closed();
    }
    return true;
  }

  /** Undoes {@link #tryEnd}; for the thread that ended the handle. */
  final void reopen() {
    ended = false;
    if (watch != null) {
      watch.reopened();
    }
  }

  final boolean isOpen() {
    return !ended;
  }

  final void requireOpen() {
    if (ended) {
      throw new CallerException(
          endedCode(), "block " + slot.id + " of pool " + pool.name() + " was closed or consumed");
    }
  }

  abstract ErrorCode endedCode();

  public final int blockId() {
    return slot.id;
  }

  public final int numLayers() {
    return pool.bytes().shape().numLayers();
  }

  public final int pageSize() {
    return pool.bytes().shape().pageSize();
  }

  public final int innerDim() {
    return pool.bytes().shape().innerDim();
  }

  public final int numOuterDims() {
    return pool.bytes().shape().outerDim();
  }

  public final Locality locality() {
    return pool.bytes().locality();
  }

  public final BlockMetadata metadata() {
    requireOpen();
    return slot.metadata;
  }

  public final LayerView layerView(int layer, int outer) {
    requireOpen();
    return pool.bytes().layerView(slot.id, layer, outer, LayerView::new);
  }

  public final BlockView blockView() {
    requireOpen();
    return pool.bytes().blockView(slot.id, BlockView::new);
  }
}
