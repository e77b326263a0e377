package io.kvbm.core.logical;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.remote.Loan;
import io.kvbm.api.remote.LoanRequest;
import io.kvbm.api.remote.PeerService;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.remote.ShardMove;
import io.kvbm.api.remote.ShardOutcome;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.core.remote.Leadership;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A worker that its leader reaches through an agent, from another process. It moves shards and
 * nothing else: it lends no blocks, for only the leader knows which block a slot holds.
 *
 * <p>Ownership: the agent stays the caller's and outlives this; worker and directory are closed
 * with it. Threading: safe from any thread.
 */
public final class ShardAgent implements AutoCloseable {

  private final ShardWorker worker;
  private final RemoteAgent agent;
  private final DirectoryMember self;
  private final Leadership leadership;
  private final LongAdder moves = new LongAdder();
  private final LongAdder shards = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private @Nullable BlockDirectory directory;

  /**
   * Answers the leader from now on.
   *
   * @param worker has the shards
   * @param agent serves this worker alone
   * @param workerId this worker among others
   * @param fingerprint hash scheme, model, salt and shape of the shards, as the leader's blocks
   * @param leadership whose moves are made
   */
  public ShardAgent(
      ShardWorker worker,
      RemoteAgent agent,
      long workerId,
      long fingerprint,
      Leadership leadership) {
    this.worker = Objects.requireNonNull(worker, "worker");
    this.agent = agent;
    this.self = new DirectoryMember(agent.descriptor(), workerId, fingerprint);
    this.leadership = leadership;
    agent.serve(new Service());
  }

  /** What the leader, or somebody else, asks. */
  private final class Service implements PeerService {

    @Override
    public CompletionStage<Loan> lend(String peer, LoanRequest request) {
      return refuse("lends no blocks");
    }

    @Override
    public CompletionStage<ShardOutcome> move(String peer, ShardMove move) {
      moves.increment();
      CompletionStage<ShardOutcome> answer;
      try {
        leadership.require(peer);
        answer = worker.move(move);
      } catch (CallerException e) {
        answer = CompletableFuture.failedFuture(e);
      }
      return answer.whenComplete((outcome, _) -> count(move, outcome));
    }

    @Override
    public CompletionStage<byte[]> blockSet(String peer) {
      return refuse("has no block set to import");
    }

    private <T> CompletionStage<T> refuse(String what) {
      return CompletableFuture.failedFuture(
          new CallerException(
              ErrorCode.UNSUPPORTED,
              "agent '%s' is the shard worker of a leader and %s".formatted(agent.name(), what)));
    }
  }

  private void count(ShardMove move, @Nullable ShardOutcome outcome) {
    int done = 0;
    if (outcome != null) {
      for (BlockOutcome each : outcome.blocks()) {
        if (each instanceof BlockOutcome.Done(long byteSize)) {
          done++;
          bytes.add(byteSize);
        }
      }
    }
    shards.add(done);
    failed.add(move.sourceSlots().length - done);
  }

  /**
   * Lets the leader find this worker.
   *
   * @param joined by {@link #self()}; this closes it
   */
  public void join(BlockDirectory joined) {
    directory = joined;
  }

  /** {@return this worker as others see it} */
  public DirectoryMember self() {
    return self;
  }

  /** {@return the agent that leads, empty as long as none has moved anything} */
  public Optional<String> leader() {
    return leadership.leader();
  }

  /** {@return what the leader had moved so far} */
  public ShardStatistics statistics() {
    return new ShardStatistics(moves.sum(), shards.sum(), bytes.sum(), failed.sum());
  }

  /** Leaves the directory and takes no more moves; those that run end. Later calls do nothing. */
  @Override
  public void close() {
    BlockDirectory joined = directory;
    try {
      if (joined != null) {
        joined.close();
      }
    } finally {
      agent.serve(null);
      worker.close();
    }
  }
}
