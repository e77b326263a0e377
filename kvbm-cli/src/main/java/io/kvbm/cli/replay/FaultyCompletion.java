package io.kvbm.cli.replay;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.cli.replay.Faults.Fate;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/** Tells of a batch what its copies' fates say. */
final class FaultyCompletion implements TransferCompletion {

  private final Faults faults;
  private final List<Fate> fates;
  private final IntConsumer damage;
  private final TransferCompletion told;
  private final List<Runnable> heldBack = new ArrayList<>();

  /**
   * @param damage changes a bit of what a copy brought; nothing where that was done before
   */
  FaultyCompletion(Faults faults, List<Fate> fates, IntConsumer damage, TransferCompletion told) {
    this.faults = faults;
    this.fates = fates;
    this.damage = damage;
    this.told = told;
  }

  @Override
  public void done(int block, long byteSize) {
    Fate fate = fates.get(block);
    faults.count(fate, byteSize);
    switch (fate) {
      case GOOD -> told.done(block, byteSize);
      case FAILS -> told.failed(block, faults.failure());
      case IS_DAMAGED -> {
        damage.accept(block);
        told.done(block, byteSize);
      }
      case STALLS -> {
        synchronized (heldBack) {
          heldBack.add(() -> told.done(block, byteSize));
        }
      }
    }
  }

  /** What was damaged on its way into a store is refused there. */
  @Override
  public void failed(int block, KvbmException cause) {
    if (fates.get(block) == Fate.IS_DAMAGED && cause.code() == ErrorCode.CORRUPT) {
      faults.count(Fate.IS_DAMAGED, 0);
    }
    told.failed(block, cause);
  }

  @Override
  public void cancelled(int block) {
    told.cancelled(block);
  }

  @Override
  public boolean isCancelled() {
    return told.isCancelled();
  }

  @Override
  public void drained() {
    List<Runnable> late;
    synchronized (heldBack) {
      late = List.copyOf(heldBack);
    }
    if (late.isEmpty()) {
      told.drained();
    } else {
      faults.afterStall(
          () -> {
            late.forEach(Runnable::run);
            told.drained();
          });
    }
  }
}
