package io.kvbm.core.races;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferHandle;
import io.kvbm.core.transfer.TransferOptions;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What ends a transfer, against each other, with one of them stopped in the middle. */
class TransferRacesTest {

  private static final long DEADLINE = 1_000_000;

  /** A batch has drained, and its transfer has not been told. */
  private final Pause ending = new Pause();

  private final HeldTransfers transfers = new HeldTransfers(ending::passBy);
  private final AtomicInteger told = new AtomicInteger();

  private final ExecutorService threads = Executors.newFixedThreadPool(2);

  @AfterEach
  void close() {
    threads.shutdownNow();
    transfers.close();
  }

  private CompletableFuture<List<BlockOutcome>> outcomes(TransferHandle handle) {
    return handle.outcomes().whenComplete((_, _) -> told.incrementAndGet()).toCompletableFuture();
  }

  private void assertCounts(int done, int failed, int cancelled) {
    assertThat(transfers.counted("kvbm.transfer.blocks")).isEqualTo(done);
    assertThat(transfers.counted("kvbm.transfer.failures")).isEqualTo(failed);
    assertThat(transfers.counted("kvbm.transfer.cancellations")).isEqualTo(cancelled);
    assertThat(told).as("everybody is told once").hasValue(1);
  }

  @Test
  void cancel_against_completion() throws Exception {
    TransferHandle handle = transfers.begin(1, TransferOptions.DEFAULT);
    CompletableFuture<List<BlockOutcome>> outcomes = outcomes(handle);
    ending.arm();
    Errand<Boolean> finish = Errand.start(transfers::finishOne);
    ending.awaitReached();

    assertThat(handle.cancel()).isTrue();
    assertThat(outcomes).as("what has moved is not taken back").isNotDone();
    assertThat(handle.cancel()).as("once is enough").isFalse();
    ending.release();
    finish.result();

    assertThat(outcomes.join()).allMatch(BlockOutcome::isDone);
    assertThat(handle.cancel()).as("nothing is left").isFalse();
    assertCounts(1, 0, 0);
  }

  @Test
  void cancel_against_the_start_of_the_next_batch() throws Exception {
    TransferHandle handle = transfers.begin(3, TransferOptions.DEFAULT);
    CompletableFuture<List<BlockOutcome>> outcomes = outcomes(handle);
    ending.arm();
    Errand<Boolean> finish = Errand.start(transfers::finishOne);
    ending.awaitReached();
    assertThat(handle.cancel()).isTrue();
    assertThat(handle.completedCount()).as("the queued ones, at once").isEqualTo(2);
    ending.release();
    finish.result();

    assertThat(transfers.finishOne()).as("no further batch was begun").isFalse();
    assertThat(outcomes.join())
        .extracting(BlockOutcome::isDone)
        .containsExactly(true, false, false);
    assertCounts(1, 0, 2);
  }

  @Test
  void deadline_against_completion() throws Exception {
    TransferHandle handle = transfers.begin(1, TransferOptions.DEFAULT.withDeadlineNanos(DEADLINE));
    CompletableFuture<List<BlockOutcome>> outcomes = outcomes(handle);
    ending.arm();
    Errand<Boolean> finish = Errand.start(transfers::finishOne);
    ending.awaitReached();
    transfers.advanceTo(DEADLINE);
    assertThat(outcomes).isNotDone();
    ending.release();
    finish.result();

    assertThat(outcomes.join()).as("it moved in time").allMatch(BlockOutcome::isDone);
    assertThat(transfers.pendingDeadlines()).isZero();
    assertCounts(1, 0, 0);
  }

  @Test
  void deadline_against_the_start_of_the_next_batch() throws Exception {
    TransferHandle handle = transfers.begin(3, TransferOptions.DEFAULT.withDeadlineNanos(DEADLINE));
    CompletableFuture<List<BlockOutcome>> outcomes = outcomes(handle);
    ending.arm();
    Errand<Boolean> finish = Errand.start(transfers::finishOne);
    ending.awaitReached();
    transfers.advanceTo(DEADLINE);
    assertThat(handle.completedCount()).isEqualTo(2);
    ending.release();
    finish.result();

    assertThat(transfers.finishOne()).isFalse();
    List<BlockOutcome> ends = outcomes.join();
    assertThat(ends).extracting(BlockOutcome::isDone).containsExactly(true, false, false);
    assertThat(ends.subList(1, 3))
        .allSatisfy(
            end ->
                assertThat(((BlockOutcome.Failed) end).cause().code())
                    .isEqualTo(ErrorCode.DEADLINE_EXCEEDED));
    assertCounts(1, 2, 0);
  }

  @Test
  void cancel_against_deadline() throws Exception {
    TransferHandle handle = transfers.begin(2, TransferOptions.DEFAULT.withDeadlineNanos(DEADLINE));
    CompletableFuture<List<BlockOutcome>> outcomes = outcomes(handle);
    ending.arm();
    Errand<Boolean> finish = Errand.start(transfers::finishOne);
    ending.awaitReached();
    assertThat(handle.cancel()).isTrue();
    transfers.advanceTo(DEADLINE); // too late: the first to stop it says what its blocks become
    ending.release();
    finish.result();

    assertThat(outcomes.join().get(1)).isEqualTo(new BlockOutcome.Cancelled());
    assertCounts(1, 0, 1);
  }

  /** The storages are closed by their owner as soon as the outcomes are known. */
  @Test
  void close_of_a_storage_against_completion() throws Exception {
    TransferHandle handle = transfers.begin(1, TransferOptions.DEFAULT);
    CompletableFuture<List<BlockOutcome>> outcomes = outcomes(handle);
    ending.arm();
    Errand<Boolean> finish = Errand.start(transfers::finishOne);
    ending.awaitReached();
    List<MemorySegment> bytes = transfers.storages().stream().map(Storage::mutableView).toList();
    transfers.storages().forEach(Storage::close);
    assertThat(bytes).as("leased").allMatch(segment -> segment.scope().isAlive());
    ending.release();
    finish.result();

    assertThat(outcomes.join()).allMatch(BlockOutcome::isDone);
    assertThat(bytes).as("freed").noneMatch(segment -> segment.scope().isAlive());
    assertCounts(1, 0, 0);
  }

  /** The ends of batches, a cancel and a deadline, all at once and many times. */
  @Test
  void each_block_has_one_end_whatever_comes_first() throws Exception {
    int rounds = 2_000;
    CyclicBarrier start = new CyclicBarrier(3);
    for (int round = 0; round < rounds; round++) {
      try (HeldTransfers world = new HeldTransfers(() -> {})) {
        AtomicInteger toldHere = new AtomicInteger();
        TransferHandle handle = world.begin(3, TransferOptions.DEFAULT.withDeadlineNanos(DEADLINE));
        CompletableFuture<List<BlockOutcome>> outcomes =
            handle
                .outcomes()
                .whenComplete((_, _) -> toldHere.incrementAndGet())
                .toCompletableFuture();
        Future<Boolean> cancelled = threads.submit(() -> meet(start, handle::cancel));
        Future<Boolean> expired =
            threads.submit(() -> meet(start, () -> world.advanceTo(DEADLINE) == DEADLINE));
        meet(start, world::finishOne);
        boolean wasCancelled = cancelled.get();
        expired.get();
        world.finishAll();

        List<BlockOutcome> ends = outcomes.join();
        long done = ends.stream().filter(BlockOutcome::isDone).count();
        BlockOutcome last = ends.getLast();
        String what = "round " + round + ": " + ends;
        assertThat(ends).as(what).hasSize(3);
        assertThat(ends.subList(0, (int) done)).as(what).allMatch(BlockOutcome::isDone);
        assertThat(ends.subList((int) done, 3)).as(what).allMatch(last::equals);
        assertThat(done).as("what was in flight moved, %s", what).isBetween(1L, 2L);
        assertThat(last instanceof BlockOutcome.Cancelled).as(what).isEqualTo(wasCancelled);
        assertThat(world.counted("kvbm.transfer.blocks")).as(what).isEqualTo(done);
        assertThat(
                world.counted("kvbm.transfer.failures")
                    + world.counted("kvbm.transfer.cancellations"))
            .as(what)
            .isEqualTo(3 - done);
        assertThat(world.pendingDeadlines()).as(what).isZero();
        assertThat(toldHere).as(what).hasValue(1);
      }
    }
  }

  private static boolean meet(CyclicBarrier start, BooleanSupplier action) throws Exception {
    start.await(30, TimeUnit.SECONDS);
    return action.getAsBoolean();
  }
}
