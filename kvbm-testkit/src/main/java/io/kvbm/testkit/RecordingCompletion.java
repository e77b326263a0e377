package io.kvbm.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.kvbm.api.KvbmException;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferCompletion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Records what became of each block of one batch and checks the order of the calls: each block
 * exactly once, drained once and last. A breach is kept and fails {@link #await()}. Threading: safe
 * from any thread.
 */
public final class RecordingCompletion implements TransferCompletion {

  /** So long that only a lost completion reaches it. */
  private static final Duration DEADLINE = Duration.ofSeconds(60);

  private final AtomicReferenceArray<@Nullable BlockOutcome> outcomes;
  private final AtomicInteger reported = new AtomicInteger();
  private final AtomicInteger cancellationQueries = new AtomicInteger();
  private final AtomicBoolean cancelled = new AtomicBoolean();
  private final CountDownLatch drained = new CountDownLatch(1);
  private final List<String> breaches = new ArrayList<>();
  private final int cancelAfterQueries;
  private final Duration deadline;

  /**
   * Creates a completion for one batch.
   *
   * @param blockCount how many blocks the batch has
   */
  public RecordingCompletion(int blockCount) {
    this(blockCount, DEADLINE);
  }

  /**
   * Creates a completion for one batch.
   *
   * @param blockCount how many blocks the batch has
   * @param deadline how long to wait before the batch counts as lost
   */
  public RecordingCompletion(int blockCount, Duration deadline) {
    this(blockCount, Integer.MAX_VALUE, deadline);
  }

  private RecordingCompletion(int blockCount, int cancelAfterQueries, Duration deadline) {
    this.outcomes = new AtomicReferenceArray<>(blockCount);
    this.cancelAfterQueries = cancelAfterQueries;
    this.deadline = deadline;
  }

  /**
   * {@return a completion that cancels itself: a backend that asks is told to stop from some
   * question on}
   *
   * @param blockCount how many blocks the batch has
   * @param queries how often the answer is still no
   */
  public static RecordingCompletion cancellingAfter(int blockCount, int queries) {
    return new RecordingCompletion(blockCount, queries, DEADLINE);
  }

  @Override
  public void done(int block, long byteSize) {
    record(block, new BlockOutcome.Done(byteSize));
  }

  @Override
  public void failed(int block, KvbmException cause) {
    record(block, new BlockOutcome.Failed(Objects.requireNonNull(cause, "cause")));
  }

  @Override
  public void cancelled(int block) {
    record(block, new BlockOutcome.Cancelled());
  }

  @Override
  public void drained() {
    if (reported.get() != outcomes.length()) {
      breach("drained after %d of %d blocks".formatted(reported.get(), outcomes.length()));
    }
    if (drained.getCount() == 0) {
      breach("drained twice");
    }
    drained.countDown();
  }

  @Override
  public boolean isCancelled() {
    return cancelled.get() || cancellationQueries.getAndIncrement() >= cancelAfterQueries;
  }

  /** Tells the backend to stop. */
  public void cancel() {
    cancelled.set(true);
  }

  /** {@return whether the batch is drained} */
  public boolean isDrained() {
    return drained.getCount() == 0;
  }

  /**
   * Waits until the batch is drained.
   *
   * @return the outcomes, one per block in order
   * @throws AssertionError if it is not drained in time, or the calls came in a wrong order
   */
  public List<BlockOutcome> await() {
    try {
      if (!drained.await(deadline.toNanos(), TimeUnit.NANOSECONDS)) {
        fail(
            "not drained after %s; %d of %d blocks reported"
                .formatted(deadline, reported.get(), outcomes.length()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      fail("interrupted while waiting for the batch", e);
    }
    synchronized (breaches) {
      assertThat(breaches).as("breaches of the completion's contract").isEmpty();
    }
    List<BlockOutcome> result = new ArrayList<>();
    for (int i = 0; i < outcomes.length(); i++) {
      result.add(Objects.requireNonNull(outcomes.get(i)));
    }
    return result;
  }

  /** Waits, then fails unless every block moved whole. */
  public void awaitDone() {
    assertThat(await()).allMatch(BlockOutcome::isDone, "moved whole");
  }

  /**
   * Waits for a block to fail; fails if it did not.
   *
   * @param block index in the batch
   * @return why it failed
   */
  public KvbmException awaitFailure(int block) {
    BlockOutcome outcome = await().get(block);
    assertThat(outcome).as("outcome of block %d", block).isInstanceOf(BlockOutcome.Failed.class);
    return ((BlockOutcome.Failed) outcome).cause();
  }

  private void record(int block, BlockOutcome outcome) {
    if (drained.getCount() == 0) {
      breach("block " + block + " reported after drained: " + outcome);
    }
    if (block < 0 || block >= outcomes.length()) {
      breach("block " + block + " reported in a batch of " + outcomes.length());
    } else if (outcomes.compareAndSet(block, null, outcome)) {
      reported.incrementAndGet();
    } else {
      breach("block " + block + " reported twice: " + outcomes.get(block) + ", " + outcome);
    }
  }

  private void breach(String what) {
    synchronized (breaches) {
      breaches.add(what);
    }
  }
}
