package io.kvbm.core.transfer;

import io.kvbm.api.transfer.BlockOutcome;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** The part of a transfer that is started at once: the moves from one index up to another. */
final class Batch {

  /** The higher priority first, then the older. */
  static final Comparator<Batch> ORDER =
      Comparator.<Batch>comparingLong(batch -> batch.transfer.options().priority())
          .reversed()
          .thenComparingLong(batch -> batch.sequence);

  private static final int STARTING = 0;
  private static final int STARTED = 1;
  private static final int ENDED = 2;

  private final Transfer transfer;
  private final int from;
  private final int to;
  private final long byteSize;
  private final long sequence;
  private final AtomicInteger phase = new AtomicInteger(STARTING);
  private BlockOutcome[] outcomes = {};

  Batch(Transfer transfer, int from, int to, long byteSize, long sequence) {
    this.transfer = transfer;
    this.from = from;
    this.to = to;
    this.byteSize = byteSize;
    this.sequence = sequence;
  }

  Transfer transfer() {
    return transfer;
  }

  List<BlockMove> moves() {
    return from == 0 && to == transfer.moves().size()
        ? transfer.moves()
        : transfer.moves().subList(from, to);
  }

  int blockCount() {
    return to - from;
  }

  long byteSize() {
    return byteSize;
  }

  /** {@return what became of each block; after the end or {@link #stop}} */
  BlockOutcome[] outcomes() {
    return outcomes;
  }

  /**
   * Starts moving.
   *
   * @param endedLater run once the batch has ended, unless it ended before this returns
   * @return whether it ended before this returned
   */
  boolean start(Runnable endedLater) {
    transfer
        .plan()
        .start(
            this,
            all -> {
              outcomes = all;
              if (!phase.compareAndSet(STARTING, ENDED)) {
                endedLater.run();
              }
            });
    return !phase.compareAndSet(STARTING, STARTED);
  }

  /** Hands the outcomes to the transfer. */
  void commit() {
    transfer.commit(from, outcomes);
  }

  /** Gives each block the outcome that the transfer was stopped with. */
  void stop() {
    outcomes = new BlockOutcome[blockCount()];
    Arrays.fill(outcomes, transfer.stopOutcome());
  }
}
