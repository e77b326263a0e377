package io.kvbm.core.remote;

import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.remote.LentBlock;
import io.kvbm.api.remote.Loan;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.time.Cancellable;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A loan at the lender: what it keeps in use. Threading: safe from any thread. */
final class LentLoan implements Loan {

  private final List<LentBlock> blocks;
  private final List<ImmutableBlock> held;
  private final Runnable ended;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile @Nullable Cancellable alarm;

  /**
   * @param held blocks lent in place
   * @param ended gives back the rest
   */
  LentLoan(List<LentBlock> blocks, List<ImmutableBlock> held, Runnable ended) {
    this.blocks = List.copyOf(blocks);
    this.held = held;
    this.ended = ended;
  }

  void endsWith(Cancellable value) {
    alarm = value;
    if (closed.get()) {
      value.cancel();
    }
  }

  @Override
  public List<LentBlock> blocks() {
    return blocks;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      Cancellable timer = alarm;
      if (timer != null) {
        timer.cancel();
      }
      BlockPool.closeAll(held);
      ended.run();
    }
  }
}
