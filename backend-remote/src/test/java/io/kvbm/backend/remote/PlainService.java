package io.kvbm.backend.remote;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.remote.LentBlock;
import io.kvbm.api.remote.Loan;
import io.kvbm.api.remote.LoanRequest;
import io.kvbm.api.remote.PeerService;
import io.kvbm.api.remote.ShardMove;
import io.kvbm.api.remote.ShardOutcome;
import io.kvbm.api.transfer.BlockOutcome;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Lends whatever is asked for, and answers at once. */
class PlainService implements PeerService {

  @Override
  public CompletionStage<Loan> lend(String peer, LoanRequest request) {
    List<LentBlock> blocks =
        request.keys().stream().map(key -> new LentBlock(key, 0, 1, 0xFFFF_FFFFL)).toList();
    return CompletableFuture.completedStage(
        new Loan() {
          @Override
          public List<LentBlock> blocks() {
            return blocks;
          }

          @Override
          public void close() {}
        });
  }

  @Override
  public CompletionStage<ShardOutcome> move(String peer, ShardMove move) {
    return CompletableFuture.completedStage(
        new ShardOutcome(
            List.of(
                new BlockOutcome.Done(64),
                new BlockOutcome.Failed(
                    new TransientException(ErrorCode.STALLED, "a block stalled")))));
  }

  @Override
  public CompletionStage<byte[]> blockSet(String peer) {
    return CompletableFuture.completedStage(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9});
  }
}
