package io.kvbm.core.transfer;

import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferHandle;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A transfer that was over before it began. */
record EndedTransfer(List<BlockOutcome> all) implements TransferHandle {

  @Override
  public int blockCount() {
    return all.size();
  }

  @Override
  public int completedCount() {
    return all.size();
  }

  @Override
  public CompletionStage<List<BlockOutcome>> outcomes() {
    return CompletableFuture.completedStage(all);
  }

  @Override
  public boolean cancel() {
    return false;
  }
}
