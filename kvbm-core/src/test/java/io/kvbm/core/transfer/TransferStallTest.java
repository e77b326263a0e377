package io.kvbm.core.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Batches that take too long, with a transport whose batches the test ends itself. */
@Timeout(30)
class TransferStallTest {

  private static final String ROUTE = "system->system";
  private static final Duration STALL = Duration.ofSeconds(1);

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
  private TransferEngine engine(int maxStalledBatches) {
    return engine(maxStalledBatches, Duration.ofSeconds(20));
  }

  private TransferEngine engine(int maxStalledBatches, Duration drain) {
    return environment.engine(
        new TransferLimits(100, 1 << 20, 1, 2, 1 << 16)
            .withPatience(STALL.toNanos(), maxStalledBatches, drain.toNanos()));
  }

  private TransferHandle submit(TransferEngine engine, int count) {
    List<BlockMove> moves = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      moves.add(BlockMove.of(nextSlot, nextSlot));
      nextSlot += 2;
    }
    return engine.submit(source.place(), target.place(), moves, TransferOptions.DEFAULT);
  }

  private void assertStalled(TransferHandle handle) {
    assertThat(handle.await())
        .allSatisfy(
            outcome ->
                assertThat(((BlockOutcome.Failed) outcome).cause())
                    .isInstanceOf(TransientException.class)
                    .hasMessageContaining("full of batches that stalled")
                    .extracting(KvbmException::code)
                    .isEqualTo(ErrorCode.STALLED));
  }

  @Test
  void aBatchInFlightThatNobodyCanWatchDoesNotLookUnstarted() {
    try (TransferEngine engine = engine(1)) {
      environment.deadlines().close();
      List<BlockMove> moves = List.of(BlockMove.of(0, 0), BlockMove.of(2, 2));
      TransferHandle handle =
          engine.submit(
              source.place(),
              target.place(),
              moves,
              TransferOptions.DEFAULT.withDeadlineNanos(Long.MAX_VALUE / 2));
      HeldTransport.Held held = transport.next();
      assertThat(handle.completedCount()).isZero();
      held.finish();
      assertThat(handle.await()).allMatch(BlockOutcome::isDone);
    }
  }

  @Test
  void anotherBatchStartsInThePlaceOfOneThatStalled() {
    try (TransferEngine engine = engine(1)) {
      TransferHandle slow = submit(engine, 2);
      TransferHandle next = submit(engine, 1);
      HeldTransport.Held stalled = transport.next();
      environment.advance(STALL.minusNanos(1_000_000));
      assertThat(transport.heldCount()).isZero();
      environment.advance(Duration.ofMillis(2));
      transport.next().finish();
      assertThat(next.await()).allMatch(BlockOutcome::isDone);
      assertThat(slow.completedCount()).isZero();
      assertThat(engine.stalledBlocks()).isEqualTo(Map.of(ROUTE, 2L));
      assertThat(environment.counted("kvbm.transfer.stalls", ROUTE)).isEqualTo(2);
      stalled.finish();
      assertThat(slow.await()).allMatch(BlockOutcome::isDone);
    }
  }

  @Test
  void aBatchThatEndsInTimeLeavesNoAlarm() {
    try (TransferEngine engine = engine(1)) {
      TransferHandle handle = submit(engine, 1);
      assertThat(environment.deadlines().pendingCount()).isEqualTo(1);
      transport.next().finish();
      assertThat(handle.await()).allMatch(BlockOutcome::isDone);
      assertThat(environment.deadlines().pendingCount()).isZero();
      environment.advance(STALL.multipliedBy(2));
      assertThat(engine.stalledBlocks()).isEqualTo(Map.of(ROUTE, 0L));
    }
  }

  @Test
  void blocksThatWereReportedOnHaveNotStalled() {
    try (TransferEngine engine = engine(1)) {
      TransferHandle handle = submit(engine, 2);
      HeldTransport.Held held = transport.next();
      held.completion().done(0, held.byteSize(0));
      environment.advance(STALL.multipliedBy(2));
      assertThat(engine.stalledBlocks()).isEqualTo(Map.of(ROUTE, 1L));
      assertThat(handle.completedCount()).as("nothing is final before it drains").isZero();
      held.completion().done(1, held.byteSize(1));
      held.completion().drained();
      assertThat(handle.await()).allMatch(BlockOutcome::isDone);
    }
  }

  @Test
  void aRouteFullOfStalledBatchesRefusesUntilOneDrains() {
    try (TransferEngine engine = engine(1)) {
      TransferHandle first = submit(engine, 1);
      HeldTransport.Held one = transport.next();
      environment.advance(STALL.plusMillis(1));
      TransferHandle second = submit(engine, 1);
      HeldTransport.Held two = transport.next();
      TransferHandle queued = submit(engine, 3);
      environment.advance(STALL.plusMillis(1));
      assertStalled(queued);
      assertStalled(submit(engine, 1));
      one.finish(); // the second takes its place among those that others run in place of
      assertThat(first.await()).allMatch(BlockOutcome::isDone);
      TransferHandle third = submit(engine, 1);
      transport.next().finish();
      assertThat(third.await()).allMatch(BlockOutcome::isDone);
      two.finish();
      assertThat(second.await()).allMatch(BlockOutcome::isDone);
    }
  }

  @Test
  void withoutPatienceForAnyTheFirstStallRefusesAndItsEndAdmits() {
    try (TransferEngine engine = engine(0)) {
      TransferHandle slow = submit(engine, 1);
      HeldTransport.Held stalled = transport.next();
      environment.advance(STALL.plusMillis(1));
      assertStalled(submit(engine, 2));
      stalled.finish();
      assertThat(slow.await()).allMatch(BlockOutcome::isDone);
      TransferHandle next = submit(engine, 1);
      transport.next().finish();
      assertThat(next.await()).allMatch(BlockOutcome::isDone);
    }
  }

  @Test
  void closeDoesNotWaitForEverAndLeavesTheMemoryAlone() {
    TransferEngine engine = engine(1, Duration.ZERO);
    TransferHandle slow = submit(engine, 1);
    HeldTransport.Held stalled = transport.next();
    assertThatThrownBy(engine::close)
        .isInstanceOf(TransientException.class)
        .hasMessage(
            "1 transfers did not end within 0 ms and were left behind; the memory they use stays"
                + " taken");
    assertThatThrownBy(slow::await).isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> slow.outcomes().toCompletableFuture().join())
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(ClosedException.class);
    engine.close();
    source.close();
    target.close();
    stalled.finish(); // reads and writes memory that is leased still
    assertThat(slow.await()).as("late, and true").allMatch(BlockOutcome::isDone);
  }
}
