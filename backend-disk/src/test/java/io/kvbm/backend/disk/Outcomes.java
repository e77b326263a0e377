package io.kvbm.backend.disk;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.api.transfer.Transport;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import org.assertj.core.api.Assertions;

/** Collects what a transport reports and insists on the rules of reporting. */
final class Outcomes implements TransferCompletion {

  private final List<BlockOutcome> outcomes;
  private final CountDownLatch drained = new CountDownLatch(1);
  private final List<String> violations = Collections.synchronizedList(new ArrayList<>());
  private final BooleanSupplier cancelled;

  Outcomes(int blocks, BooleanSupplier cancelled) {
    this.outcomes = new ArrayList<>(Collections.nCopies(blocks, null));
    this.cancelled = cancelled;
  }

  static List<BlockOutcome> of(Transport transport, TransferBatch batch) {
    return of(transport, batch, () -> false);
  }

  static List<BlockOutcome> of(
      Transport transport, TransferBatch batch, BooleanSupplier cancelled) {
    Outcomes outcomes = new Outcomes(batch.blockCount(), cancelled);
    transport.submit(batch, outcomes);
    return outcomes.await();
  }

  List<BlockOutcome> await() {
    try {
      drained.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    Assertions.assertThat(violations).isEmpty();
    synchronized (outcomes) {
      Assertions.assertThat(outcomes).doesNotContainNull();
      return List.copyOf(outcomes);
    }
  }

  static ErrorCode codeOf(BlockOutcome outcome) {
    return ((BlockOutcome.Failed) outcome).cause().code();
  }

  private void record(int block, BlockOutcome outcome) {
    synchronized (outcomes) {
      if (drained.getCount() == 0) {
        violations.add("block " + block + " reported after drained");
      }
      if (outcomes.set(block, outcome) != null) {
        violations.add("block " + block + " reported twice");
      }
    }
  }

  @Override
  public void done(int block, long byteSize) {
    record(block, new BlockOutcome.Done(byteSize));
  }

  @Override
  public void failed(int block, KvbmException cause) {
    record(block, new BlockOutcome.Failed(cause));
  }

  @Override
  public void cancelled(int block) {
    record(block, new BlockOutcome.Cancelled());
  }

  @Override
  public void drained() {
    if (drained.getCount() == 0) {
      violations.add("drained twice");
    }
    drained.countDown();
  }

  @Override
  public boolean isCancelled() {
    return cancelled.getAsBoolean();
  }
}
