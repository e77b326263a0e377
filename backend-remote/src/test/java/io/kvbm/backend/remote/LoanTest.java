package io.kvbm.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.remote.LentBlock;
import io.kvbm.api.remote.Loan;
import io.kvbm.api.remote.LoanRequest;
import io.kvbm.api.remote.PeerService;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.remote.ShardMove;
import io.kvbm.api.remote.ShardOutcome;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.transfer.BlockOutcome;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What peers ask beyond bytes. */
@Timeout(60)
class LoanTest {

  private static final BlockKey KEY = new BlockKey(7, 9);
  private final AtomicInteger closed = new AtomicInteger();
  private final CompletableFuture<Void> gate = new CompletableFuture<>();

  private final class Lender implements PeerService {
    @Override
    public CompletionStage<Loan> lend(String peer, LoanRequest request) {
      Loan loan =
          new Loan() {
            @Override
            public List<LentBlock> blocks() {
              return List.of(new LentBlock(request.keys().getFirst(), 1, 2, 0xFFFF_FFFFL));
            }

            @Override
            public void close() {
              closed.incrementAndGet();
            }
          };
      return request.fingerprint() == 0
          ? gate.thenApply(_ -> loan)
          : CompletableFuture.completedStage(loan);
    }

    @Override
    public CompletionStage<ShardOutcome> move(String peer, ShardMove move) {
      return CompletableFuture.completedStage(
          new ShardOutcome(
              List.of(
                  new BlockOutcome.Done(move.sourceSlots()[0]),
                  new BlockOutcome.Cancelled(),
                  new BlockOutcome.Failed(
                      new TransientException(ErrorCode.STALLED, peer + " stalled")))));
    }

    @Override
    public CompletionStage<byte[]> blockSet(String peer) {
      return CompletableFuture.completedStage(new byte[] {1, 2, 3});
    }
  }

  private static LoanRequest request(long fingerprint, Duration timeout) {
    return new LoanRequest(fingerprint, List.of(KEY), timeout);
  }

  private static void assertFails(ErrorCode code, CompletionStage<?> stage) {
    assertThatThrownBy(() -> stage.toCompletableFuture().join())
        .satisfies(e -> assertThat(((KvbmException) e.getCause()).code()).isEqualTo(code));
  }

  @Test
  void loansEndWhenGivenBackWhenTheirTimeIsOverAndWhenThePeerLeaves() {
    try (TwoAgents two =
        new TwoAgents(BackendConfig.of("lendTime", "700ms"), BackendConfig.empty())) {
      RemotePeer peer = two.connect();
      assertFails(ErrorCode.UNSUPPORTED, peer.borrow(request(1, TwoAgents.SOON)));
      two.far.serve(new Lender());
      Loan loan = peer.borrow(request(1, TwoAgents.SOON)).toCompletableFuture().join();
      assertThat(loan.blocks()).containsExactly(new LentBlock(KEY, 1, 2, 0xFFFF_FFFFL));
      loan.close();
      loan.close();
      TwoAgents.await(() -> closed.get() == 1);
      peer.borrow(request(1, TwoAgents.SOON)).toCompletableFuture().join();
      TwoAgents.await(() -> closed.get() == 2);
      peer.borrow(request(1, TwoAgents.SOON)).toCompletableFuture().join();
      peer.close();
      TwoAgents.await(() -> closed.get() == 3);
      TwoAgents.await(() -> two.far.statistics().lentBlocks() == 0);
    }
  }

  @Test
  void aLoanThatComesTooLateIsClosed() {
    try (TwoAgents two = new TwoAgents()) {
      two.far.serve(new Lender());
      RemotePeer peer = two.connect();
      assertFails(ErrorCode.DEADLINE_EXCEEDED, peer.borrow(request(0, Duration.ofMillis(100))));
      assertThat(peer.ping(TwoAgents.SOON)).isPositive();
      gate.complete(null);
      TwoAgents.await(() -> closed.get() == 1);
      assertThat(two.far.statistics().lentBlocks()).isZero();
    }
  }

  @Test
  void movesAndBlockSetsComeBackWhole() {
    try (TwoAgents two = new TwoAgents()) {
      two.far.serve(new Lender());
      RemotePeer peer = two.connect();
      ShardMove move =
          new ShardMove(0, new int[] {5, 6, 7}, 1, new int[] {1, 2, 3}, TwoAgents.SOON);
      List<BlockOutcome> blocks = peer.move(move).toCompletableFuture().join().blocks();
      assertThat(blocks.get(0)).isEqualTo(new BlockOutcome.Done(5));
      assertThat(blocks.get(1)).isEqualTo(new BlockOutcome.Cancelled());
      assertThat(((BlockOutcome.Failed) blocks.get(2)).cause().code()).isEqualTo(ErrorCode.STALLED);
      assertThat(peer.blockSet(TwoAgents.SOON).toCompletableFuture().join())
          .containsExactly(1, 2, 3);
    }
  }
}
