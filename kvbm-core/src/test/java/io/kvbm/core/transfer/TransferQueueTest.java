package io.kvbm.core.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.storage.StorageType;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Order, limits, cancelling and ending, with a transport whose batches the test ends itself. */
class TransferQueueTest {

  private static final String ROUTE = "system->system";
  private static final long BLOCK_BYTES = TestBlocks.SHAPE.blockByteSize();

  private final HeldTransport transport = HeldTransport.holding(ROUTE);
  private final TestEnvironment environment = new TestEnvironment(transport);
  private final TestBlocks source = TestBlocks.host(64);
  private final TestBlocks target = TestBlocks.host(64);
  private int nextSlot;

  @AfterEach
  void closeAll() {
    source.close();
    target.close();
    environment.close();
  }

  /** One batch in flight, two blocks in a batch. */
  private TransferEngine oneAtATime(int maxQueuedBlocks) {
    return environment.engine(new TransferLimits(maxQueuedBlocks, 1 << 20, 1, 2, 1 << 16));
  }

  /** So many blocks that are no neighbours, and that no other transfer of the test has. */
  private List<BlockMove> moves(int count) {
    List<BlockMove> moves = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      moves.add(BlockMove.of(nextSlot, nextSlot));
      nextSlot += 2;
    }
    return moves;
  }

  private TransferHandle submit(TransferEngine engine, int count, TransferOptions options) {
    return engine.submit(source.place(), target.place(), moves(count), options);
  }

  private TransferHandle submit(TransferEngine engine, int count) {
    return submit(engine, count, TransferOptions.DEFAULT);
  }

  @Test
  void aTransferIsSplitIntoBatchesAndEachEndStartsTheNext() {
    try (TransferEngine engine = oneAtATime(100)) {
      TransferHandle handle = submit(engine, 5);
      assertThat(environment.gauge("kvbm.transfer.queue.depth", ROUTE)).isEqualTo(3);
      for (int batch = 0; batch < 3; batch++) {
        HeldTransport.Held held = transport.next();
        assertThat(held.batch().blockCount()).isEqualTo(batch < 2 ? 2 : 1);
        assertThat(transport.heldCount()).isZero();
        held.finish();
        assertThat(handle.completedCount()).isEqualTo(Math.min(5, 2 * batch + 2));
      }
      assertThat(handle.await()).containsOnly(new BlockOutcome.Done(BLOCK_BYTES)).hasSize(5);
      assertThat(environment.counted("kvbm.transfer.blocks", ROUTE)).isEqualTo(5);
      assertThat(environment.counted("kvbm.transfer.bytes", ROUTE)).isEqualTo(5 * BLOCK_BYTES);
      assertThat(environment.counted("kvbm.transfer.batch.nanos", ROUTE)).isEqualTo(3);
      assertThat(environment.gauge("kvbm.transfer.queue.depth", ROUTE)).isZero();
    }
  }

  @Test
  void bytesInFlightAreBoundedAndALargerBatchGoesAlone() {
    TransferLimits limits = new TransferLimits(100, BLOCK_BYTES - 1, 8, 2, 1 << 16);
    try (TransferEngine engine = environment.engine(limits)) {
      TransferHandle handle = submit(engine, 2);
      HeldTransport.Held first = transport.next();
      assertThat(first.batch().blockCount()).isEqualTo(1);
      assertThat(transport.heldCount()).isZero();
      first.finish();
      transport.next().finish();
      assertThat(handle.await()).hasSize(2);
    }
  }

  @Test
  void higherPriorityStartsFirstAndTheOlderAmongEquals() {
    try (TransferEngine engine = oneAtATime(100)) {
      submit(engine, 1);
      HeldTransport.Held running = transport.next();
      int low = nextSlot;
      submit(engine, 1, TransferOptions.DEFAULT.withPriority(-5));
      int firstHigh = nextSlot;
      submit(engine, 1, TransferOptions.DEFAULT.withPriority(9));
      int normal = nextSlot;
      submit(engine, 1);
      int secondHigh = nextSlot;
      submit(engine, 1, TransferOptions.DEFAULT.withPriority(9));
      running.finish();
      List<Integer> order = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        HeldTransport.Held held = transport.next();
        order.add((int) (held.batch().sourceOffset(0) / BLOCK_BYTES));
        held.finish();
      }
      assertThat(order).containsExactly(firstHigh, secondHigh, normal, low);
    }
  }

  @Test
  void cancelTakesBackWhatIsQueuedAndWaitsForWhatIsInFlight() {
    try (TransferEngine engine = oneAtATime(100)) {
      TransferHandle handle = submit(engine, 6);
      HeldTransport.Held running = transport.next();
      assertThat(handle.cancel()).isTrue();
      assertThat(handle.cancel()).isFalse();
      assertThat(running.completion().isCancelled()).isTrue();
      assertThat(handle.completedCount()).isEqualTo(4);
      assertThat(environment.gauge("kvbm.transfer.queue.depth", ROUTE)).isZero();
      CompletableFuture<List<BlockOutcome>> outcomes = handle.outcomes().toCompletableFuture();
      assertThat(outcomes).isNotDone();
      running.completion().done(0, running.byteSize(0));
      running.completion().cancelled(1);
      running.completion().drained();
      assertThat(outcomes.join())
          .containsExactly(
              new BlockOutcome.Done(BLOCK_BYTES),
              new BlockOutcome.Cancelled(),
              new BlockOutcome.Cancelled(),
              new BlockOutcome.Cancelled(),
              new BlockOutcome.Cancelled(),
              new BlockOutcome.Cancelled());
      assertThat(transport.heldCount()).isZero();
      assertThat(environment.counted("kvbm.transfer.blocks", ROUTE)).isEqualTo(1);
      assertThat(environment.counted("kvbm.transfer.cancellations", ROUTE)).isEqualTo(5);
      assertThat(environment.counted("kvbm.transfer.failures", ROUTE)).isZero();
    }
  }

  @Test
  void cancelOfOneTransferLeavesTheOthers() {
    try (TransferEngine engine = oneAtATime(100)) {
      TransferHandle first = submit(engine, 2);
      TransferHandle second = submit(engine, 2);
      TransferHandle third = submit(engine, 2);
      second.cancel();
      assertThat(second.await()).containsOnly(new BlockOutcome.Cancelled());
      transport.next().finish();
      transport.next().finish();
      assertThat(first.await()).allMatch(BlockOutcome::isDone);
      assertThat(third.await()).allMatch(BlockOutcome::isDone);
    }
  }

  @Test
  void aFullQueueTurnsAwayTrySubmitAndHoldsUpSubmit() throws InterruptedException {
    try (TransferEngine engine = oneAtATime(4)) {
      submit(engine, 2);
      submit(engine, 3);
      List<BlockMove> two = moves(2);
      assertThat(engine.trySubmit(source.place(), target.place(), two, TransferOptions.DEFAULT))
          .isEmpty();
      AtomicReference<TransferHandle> admitted = new AtomicReference<>();
      Thread submitter =
          Thread.ofPlatform()
              .start(
                  () ->
                      admitted.set(
                          engine.submit(
                              source.place(), target.place(), two, TransferOptions.DEFAULT)));
      awaitWaiting(submitter);
      assertThat(admitted.get()).isNull();
      assertThat(
              engine.trySubmit(source.place(), target.place(), moves(1), TransferOptions.DEFAULT))
          .as("who came first is served first")
          .isEmpty();
      transport.next().finish(); // Its end starts two of the three: one stays queued.
      submitter.join();
      assertThat(admitted.get()).isNotNull();
      for (int i = 0; i < 3; i++) {
        transport.next().finish();
      }
      assertThat(admitted.get().await()).allMatch(BlockOutcome::isDone);
      assertThat(
              engine.trySubmit(source.place(), target.place(), moves(1), TransferOptions.DEFAULT))
          .isPresent();
      transport.next().finish();
    }
  }

  private static void awaitWaiting(Thread thread) {
    while (thread.getState() != Thread.State.WAITING
        && thread.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
  }

  @Test
  void aTransferLargerThanTheQueueGoesThroughAlone() {
    try (TransferEngine engine = oneAtATime(1)) {
      TransferHandle handle =
          engine
              .trySubmit(source.place(), target.place(), moves(5), TransferOptions.DEFAULT)
              .orElseThrow();
      for (int i = 0; i < 3; i++) {
        transport.next().finish();
      }
      assertThat(handle.await()).hasSize(5).allMatch(BlockOutcome::isDone);
    }
  }

  @Test
  void aDeadlineFailsWhatWasNotStarted() {
    try (TransferEngine engine = oneAtATime(100)) {
      TransferHandle handle =
          submit(
              engine,
              4,
              TransferOptions.DEFAULT.withDeadlineNanos(Duration.ofMillis(50).toNanos()));
      HeldTransport.Held running = transport.next();
      environment.advance(Duration.ofMillis(49));
      assertThat(handle.completedCount()).isZero();
      environment.advance(Duration.ofMillis(2));
      assertThat(handle.completedCount()).isEqualTo(2);
      assertThat(handle.outcomes().toCompletableFuture()).isNotDone();
      running.finish();
      List<BlockOutcome> outcomes = handle.await();
      assertThat(outcomes.subList(0, 2)).allMatch(BlockOutcome::isDone);
      outcomes.subList(2, 4).forEach(TransferQueueTest::assertDeadline);
      assertThat(environment.counted("kvbm.transfer.failures", ROUTE)).isEqualTo(2);
      assertThat(transport.heldCount()).isZero();
      assertThat(environment.deadlines().pendingCount()).isZero();
    }
  }

  @Test
  void aDeadlineThatHasPassedMovesNothing() {
    environment.advance(Duration.ofMillis(10));
    try (TransferEngine engine = oneAtATime(100)) {
      TransferHandle handle = submit(engine, 3, TransferOptions.DEFAULT.withDeadlineNanos(1));
      handle.await().forEach(TransferQueueTest::assertDeadline);
      assertThat(transport.heldCount()).isZero();
    }
  }

  @Test
  void aDeadlineKeptLeavesNoAlarmBehind() {
    try (TransferEngine engine = oneAtATime(100)) {
      TransferHandle handle =
          submit(engine, 1, TransferOptions.DEFAULT.withDeadlineNanos(1_000_000_000));
      assertThat(environment.deadlines().pendingCount()).as("deadline and stall").isEqualTo(2);
      transport.next().finish();
      assertThat(handle.await()).allMatch(BlockOutcome::isDone);
      assertThat(environment.deadlines().pendingCount()).isZero();
    }
  }

  private static void assertDeadline(BlockOutcome outcome) {
    assertThat(outcome).isInstanceOf(BlockOutcome.Failed.class);
    KvbmException cause = ((BlockOutcome.Failed) outcome).cause();
    assertThat(cause).isInstanceOf(TransientException.class);
    assertThat(cause.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
  }

  @Test
  void aStorageClosedMeanwhileStaysUntilTheEnd() {
    try (TransferEngine engine = oneAtATime(100);
        TestBlocks far =
            TestBlocks.of(
                LayoutType.FULLY_CONTIGUOUS,
                TestBlocks.SHAPE,
                size -> new FarStorage(StorageType.SYSTEM, size))) {
      far.fillAll(4);
      TransferHandle handle =
          engine.submit(
              far.place(),
              target.place(),
              List.of(BlockMove.of(0, 0), BlockMove.of(2, 2), BlockMove.of(4, 4)),
              TransferOptions.DEFAULT);
      FarStorage storage = (FarStorage) far.storages().getFirst();
      storage.close();
      assertThat(storage.isFreed()).isFalse();
      transport.next().finish();
      transport.next().finish();
      assertThat(handle.await()).allMatch(BlockOutcome::isDone);
      assertThat(storage.isFreed()).isTrue();
      target.verify(4, 4004);
    }
  }

  @Test
  void aStorageClosedBeforeFailsEveryBlock() {
    try (TransferEngine engine = oneAtATime(100)) {
      source.close();
      TransferHandle handle = submit(engine, 3);
      assertThat(handle.outcomes().toCompletableFuture()).isDone();
      assertThat(handle.await())
          .hasSize(3)
          .allMatch(
              outcome ->
                  outcome instanceof BlockOutcome.Failed(KvbmException cause)
                      && cause instanceof ClosedException
                      && cause.code() == ErrorCode.CLOSED);
    }
  }

  @Test
  void continuationsRunOnTheExecutor() {
    try (TransferEngine engine = oneAtATime(100)) {
      TransferHandle handle = submit(engine, 1);
      CompletableFuture<String> ranOn =
          handle.outcomes().thenApply(_ -> Thread.currentThread().getName()).toCompletableFuture();
      transport.next().finish();
      assertThat(ranOn.join()).isEqualTo(TestEnvironment.CALLBACK_THREAD);
    }
  }

  @Test
  void callersCannotEndATransferThemselves() {
    try (TransferEngine engine = oneAtATime(100)) {
      TransferHandle handle = submit(engine, 1);
      handle.outcomes().toCompletableFuture().complete(List.of());
      assertThat(handle.outcomes().toCompletableFuture()).isNotDone();
      transport.next().finish();
      assertThat(handle.await()).hasSize(1);
    }
  }

  @Test
  void case56_closeCancelsTheQueueAndWaitsForWhatIsInFlight() throws InterruptedException {
    TransferEngine engine = oneAtATime(4);
    TransferHandle handle = submit(engine, 4);
    submit(engine, 2);
    HeldTransport.Held running = transport.next();
    AtomicReference<Throwable> refused = new AtomicReference<>();
    List<BlockMove> late = moves(3);
    Thread waiting =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    engine.submit(source.place(), target.place(), late, TransferOptions.DEFAULT);
                  } catch (ClosedException e) {
                    refused.set(e);
                  }
                });
    awaitWaiting(waiting);
    CountDownLatch closed = new CountDownLatch(1);
    Thread closer =
        Thread.ofPlatform()
            .start(
                () -> {
                  engine.close();
                  closed.countDown();
                });
    waiting.join();
    assertThat(refused.get()).isInstanceOf(ClosedException.class);
    awaitWaiting(closer);
    assertThat(closed.getCount()).isEqualTo(1);
    assertThat(handle.completedCount()).isEqualTo(2);
    running.finish();
    closer.join();
    assertThat(handle.await().subList(0, 2)).allMatch(BlockOutcome::isDone);
    assertThat(handle.await().subList(2, 4)).containsOnly(new BlockOutcome.Cancelled());
    assertThatThrownBy(() -> submit(engine, 1))
        .isInstanceOf(ClosedException.class)
        .extracting(e -> ((KvbmException) e).code())
        .isEqualTo(ErrorCode.PROGRESS_ENGINE_SHUTDOWN);
    engine.close();
  }

  @Test
  void manyBatchesThatEndAtOnceDoNotDeepenTheStack() {
    TransferLimits tiny = new TransferLimits(100_000, 1 << 20, 1, 1, 1 << 16);
    try (TestEnvironment inline = new TestEnvironment(HeldTransport.inline(ROUTE));
        TransferEngine engine = inline.engine(tiny);
        TestBlocks from = TestBlocks.host(20_000);
        TestBlocks to = TestBlocks.host(20_000)) {
      List<BlockMove> moves = new ArrayList<>();
      for (int i = 0; i < 20_000; i++) {
        moves.add(BlockMove.of(i, i));
      }
      assertThat(engine.submit(from.place(), to.place(), moves, TransferOptions.DEFAULT).await())
          .hasSize(20_000)
          .allMatch(BlockOutcome::isDone);
    }
  }
}
