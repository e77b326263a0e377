package io.kvbm.core.transfer;

import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.core.time.Cancellable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

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
  private final List<HopReport> hops = new ArrayList<>(2);
  private BlockOutcome[] outcomes = {};

  /** Ends when the batch does; under the lock of its lane, as are the next two. */
  @Nullable Cancellable stallAlarm;

  /** Took longer than it may. */
  boolean isStalled;

  /** Another batch may run in its place. */
  boolean isWrittenOff;

  /** Nothing of it is in flight any more. */
  boolean hasEnded;

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

  /** A hop begins; until it drains its report is asked who has not been heard of. */
  void began(HopReport hop) {
    synchronized (hops) {
      hops.add(hop);
    }
  }

  void drained(HopReport hop) {
    synchronized (hops) {
      hops.remove(hop);
    }
  }

  /** {@return blocks that are in flight and have not been reported on} */
  int silentBlocks() {
    synchronized (hops) {
      return hops.stream().mapToInt(HopReport::silentBlocks).sum();
    }
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
