package io.kvbm.core.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.api.transfer.TransferHandle;
import io.kvbm.api.transfer.Transport;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

/** Transports that break their contract harm the blocks concerned and nothing else. */
class TransferMisbehaviourTest {

  private static final long BLOCK_BYTES = TestBlocks.SHAPE.blockByteSize();

  /** Not neighbours, so that each is reported on its own. */
  private static final List<BlockMove> MOVES =
      List.of(BlockMove.of(0, 0), BlockMove.of(2, 2), BlockMove.of(4, 4));

  private record Scripted(BiConsumer<TransferBatch, TransferCompletion> script)
      implements Transport {
    @Override
    public String name() {
      return "scripted";
    }

    @Override
    public boolean supports(Route route) {
      return true;
    }

    @Override
    public void submit(TransferBatch batch, TransferCompletion completion) {
      script.accept(batch, completion);
    }
  }

  private static List<BlockOutcome> run(BiConsumer<TransferBatch, TransferCompletion> script) {
    try (TestEnvironment environment = new TestEnvironment(new Scripted(script));
        TransferEngine engine = environment.engine();
        TestBlocks source = TestBlocks.host();
        TestBlocks target = TestBlocks.host()) {
      TransferHandle handle =
          engine.submit(source.place(), target.place(), MOVES, TransferOptions.DEFAULT);
      List<BlockOutcome> outcomes = handle.await();
      assertThat(handle.completedCount()).isEqualTo(3);
      assertThat(handle.cancel()).as("nothing is left to cancel").isFalse();
      return outcomes;
    }
  }

  private static void assertBackendFailure(BlockOutcome outcome, String text) {
    assertThat(outcome).isInstanceOf(BlockOutcome.Failed.class);
    KvbmException cause = ((BlockOutcome.Failed) outcome).cause();
    assertThat(cause)
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("scripted")
        .hasMessageContaining(text);
  }

  @Test
  void case56_throwingFromSubmitFailsWhatWasNotReported() {
    List<BlockOutcome> outcomes =
        run(
            (_, completion) -> {
              completion.done(0, BLOCK_BYTES);
              throw new IllegalStateException("driver gone");
            });
    assertThat(outcomes.getFirst()).isEqualTo(new BlockOutcome.Done(BLOCK_BYTES));
    assertBackendFailure(outcomes.get(1), "driver gone");
    assertBackendFailure(outcomes.get(2), "driver gone");
    assertThat(((BlockOutcome.Failed) outcomes.get(1)).cause())
        .hasCauseInstanceOf(IllegalStateException.class);
  }

  @Test
  void throwingAnErrorOrATypedExceptionFailsTheBlocks() {
    run((_, _) -> {
          throw new UnsatisfiedLinkError("libx.so");
        })
        .forEach(outcome -> assertBackendFailure(outcome, "libx.so"));
    run((_, _) -> {
          throw new TransientException(ErrorCode.LOCKED, "busy");
        })
        .forEach(outcome -> assertBackendFailure(outcome, "busy"));
  }

  /**
   * There, a second notification of a transfer is ignored. Here a transport that tells of a block
   * twice has lost count, and nobody knows which of the two was true: the block is not used.
   */
  @Test
  void unlike_case56_reportingTwiceFailsThatBlock() {
    List<BlockOutcome> outcomes =
        run(
            (_, completion) -> {
              completion.done(0, BLOCK_BYTES);
              completion.done(1, BLOCK_BYTES);
              completion.done(1, BLOCK_BYTES);
              completion.cancelled(2);
              completion.done(2, BLOCK_BYTES);
              completion.drained();
            });
    assertThat(outcomes.getFirst().isDone()).isTrue();
    assertBackendFailure(outcomes.get(1), "more than once");
    assertBackendFailure(outcomes.get(2), "more than once");
  }

  @Test
  void case56_reportingAfterTheEndChangesNothing() {
    List<BlockOutcome> outcomes =
        run(
            (_, completion) -> {
              completion.done(0, BLOCK_BYTES);
              completion.done(1, BLOCK_BYTES);
              completion.drained();
              completion.done(2, BLOCK_BYTES);
              completion.failed(0, new TransientException(ErrorCode.LOCKED, "late"));
              completion.drained();
            });
    assertThat(outcomes.subList(0, 2)).allMatch(BlockOutcome::isDone);
    assertBackendFailure(outcomes.get(2), "never this block");
  }

  @Test
  void throwingAfterTheEndChangesNothing() {
    assertThat(
            run(
                (_, completion) -> {
                  for (int block = 0; block < 3; block++) {
                    completion.done(block, BLOCK_BYTES);
                  }
                  completion.drained();
                  throw new IllegalStateException("too late");
                }))
        .allMatch(BlockOutcome::isDone);
  }

  @Test
  void blocksNeverReportedFail() {
    List<BlockOutcome> outcomes =
        run(
            (_, completion) -> {
              completion.done(1, BLOCK_BYTES);
              completion.drained();
            });
    assertBackendFailure(outcomes.get(0), "never this block");
    assertThat(outcomes.get(1).isDone()).isTrue();
    assertBackendFailure(outcomes.get(2), "never this block");
  }

  @Test
  void wrongByteCountsFail() {
    List<BlockOutcome> outcomes =
        run(
            (_, completion) -> {
              completion.done(0, BLOCK_BYTES - 1);
              completion.done(1, BLOCK_BYTES + 1);
              completion.done(2, BLOCK_BYTES);
              completion.drained();
            });
    assertBackendFailure(outcomes.get(0), (BLOCK_BYTES - 1) + " of " + BLOCK_BYTES);
    assertBackendFailure(outcomes.get(1), (BLOCK_BYTES + 1) + " of " + BLOCK_BYTES);
    assertThat(outcomes.get(2).isDone()).isTrue();
  }

  @Test
  void blocksThatAreNotInTheBatchAreIgnored() {
    List<BlockOutcome> outcomes =
        run(
            (_, completion) -> {
              completion.done(-1, BLOCK_BYTES);
              completion.done(3, BLOCK_BYTES);
              completion.done(Integer.MAX_VALUE, BLOCK_BYTES);
              completion.done(0, BLOCK_BYTES);
              completion.done(1, BLOCK_BYTES);
              completion.done(2, BLOCK_BYTES);
              completion.drained();
            });
    assertThat(outcomes).containsOnly(new BlockOutcome.Done(BLOCK_BYTES));
  }

  @Test
  void givingUpUnaskedIsAFailure() {
    List<BlockOutcome> outcomes =
        run(
            (_, completion) -> {
              assertThat(completion.isCancelled()).isFalse();
              completion.cancelled(0);
              completion.done(1, BLOCK_BYTES);
              completion.done(2, BLOCK_BYTES);
              completion.drained();
            });
    assertThat(((BlockOutcome.Failed) outcomes.getFirst()).cause().code())
        .isEqualTo(ErrorCode.CANCELLED);
  }

  @Test
  void case56_metersThatThrowKeepNoTransferFromEnding() {
    HeldTransport transport = HeldTransport.holding("system->system");
    try (TestEnvironment environment = new TestEnvironment(transport);
        TransferEngine engine = environment.engine();
        TestBlocks source = TestBlocks.host();
        TestBlocks target = TestBlocks.host()) {
      TransferHandle handle =
          engine.submit(source.place(), target.place(), MOVES, TransferOptions.DEFAULT);
      environment.breakMeters();
      transport.next().finish();
      assertThat(handle.completedCount()).isEqualTo(3);
      assertThat(handle.await()).containsOnly(new BlockOutcome.Done(BLOCK_BYTES));
    }
  }

  @Test
  void neighboursThatWentAsOneShareTheirEnd() {
    List<BlockMove> neighbours =
        List.of(BlockMove.of(0, 3), BlockMove.of(1, 4), BlockMove.of(2, 5), BlockMove.of(6, 0));
    Transport transport =
        new Scripted(
            (batch, completion) -> {
              assertThat(batch.size()).isEqualTo(2);
              assertThat(batch.blockCount()).isEqualTo(2);
              assertThat(batch.byteSize(0)).isEqualTo(3 * BLOCK_BYTES);
              completion.done(0, 3 * BLOCK_BYTES - 1);
              completion.done(1, BLOCK_BYTES);
              completion.done(2, BLOCK_BYTES);
              completion.drained();
            });
    try (TestEnvironment environment = new TestEnvironment(transport);
        TransferEngine engine = environment.engine();
        TestBlocks source = TestBlocks.host();
        TestBlocks target = TestBlocks.host()) {
      List<BlockOutcome> outcomes =
          engine
              .submit(source.place(), target.place(), neighbours, TransferOptions.DEFAULT)
              .await();
      outcomes.subList(0, 3).forEach(outcome -> assertBackendFailure(outcome, "bytes"));
      assertThat(outcomes.get(3)).isEqualTo(new BlockOutcome.Done(BLOCK_BYTES));
    }
  }
}
