package io.kvbm.core.logical;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.remote.ShardMove;
import io.kvbm.api.remote.ShardOutcome;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.core.remote.ShardMover;
import io.kvbm.core.time.Cancellable;
import io.kvbm.core.time.Deadlines;
import io.kvbm.core.transfer.BlockMove;
import io.kvbm.core.transfer.ShardCopies;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The workers of a leader. Each has one shard of every block; a block has moved when every shard
 * has.
 *
 * <p>A worker that is gone, does not answer in time or answers nonsense is <em>fenced</em>: what
 * its shards are nobody knows. While a worker is fenced, nothing is moved and no block of the
 * leader is found; all of them become misses. {@code KvBlockManager.resetWorker} ends that. Slots
 * that a silent worker may still be busy with stay taken until it answers after all, its connection
 * is lost, or it is reset.
 *
 * <p>Ownership: peers stay the caller's. Threading: safe from any thread.
 */
public final class ShardWorkers implements ShardCopies {

  private static final System.Logger LOG = System.getLogger(ShardWorkers.class.getName());

  /** What moves run on, from the manager that the workers serve. */
  private record Surroundings(
      Clock clock, Deadlines deadlines, Executor executor, Runnable forget) {}

  private final List<ShardMember> members;
  private final long moveNanos;
  private final long graceNanos;
  private final ReentrantReadWriteLock resetLock = new ReentrantReadWriteLock();
  private volatile @Nullable Surroundings runtime;
  private volatile boolean intact = true;
  private volatile long resets;

  private ShardWorkers(Builder builder) {
    members =
        builder.movers.entrySet().stream()
            .map(entry -> new ShardMember(entry.getKey(), entry.getValue()))
            .toList();
    moveNanos = builder.move.toNanos();
    graceNanos = builder.grace.toNanos();
  }

  /** {@return a builder without workers} */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return how many workers there are} */
  public int size() {
    return members.size();
  }

  /** {@return whether no worker is fenced} */
  public boolean isIntact() {
    return intact;
  }

  /** {@return the workers that get no moves until they are reset, and why} */
  public Map<String, String> fenced() {
    Map<String, String> fenced = new LinkedHashMap<>();
    for (ShardMember member : members) {
      String why = member.fence;
      if (why != null) {
        fenced.put(member.name, why);
      }
    }
    return fenced;
  }

  /**
   * Puts the workers in the service of a manager, which calls this.
   *
   * @param clock the time of transfers
   * @param deadlines on that clock
   * @param executor runs what is too long for the thread of the deadlines
   * @param forget makes every block of the manager a miss
   * @throws ConfigurationException if they serve another manager already
   */
  public synchronized void attach(
      Clock clock, Deadlines deadlines, Executor executor, Runnable forget) {
    if (runtime != null) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG, "these workers serve a manager already; build others");
    }
    runtime = new Surroundings(clock, deadlines, executor, forget);
  }

  /** Ends the service: nothing is moved any more, and slots held for silent workers are let go. */
  public synchronized void detach() {
    runtime = null;
    members.forEach(ShardMember::settleAll);
  }

  @Override
  public void move(
      int source,
      int target,
      List<BlockMove> moves,
      long deadlineNanos,
      TransferCompletion completion) {
    ShardJoin join = new ShardJoin(moves.size(), members.size(), completion);
    Surroundings on = runtime;
    if (on == null) {
      join.refuse(new ClosedException(ErrorCode.CLOSED, "the manager of the workers is closed"));
      return;
    }
    Map<String, String> fenced = fenced();
    if (!fenced.isEmpty()) {
      join.refuse(
          new TransientException(
              ErrorCode.DISCONNECTED, "workers are fenced and get no moves: " + fenced));
      return;
    }
    long nanos = moveNanos;
    if (deadlineNanos != 0) {
      nanos = Math.min(nanos, deadlineNanos - on.clock().nanoTime());
    }
    if (nanos <= 0) {
      join.refuse(
          new TransientException(
              ErrorCode.DEADLINE_EXCEEDED,
              "the deadline of %d blocks in shards passed before they moved"
                  .formatted(moves.size())));
      return;
    }
    int[] sourceSlots = moves.stream().mapToInt(BlockMove::sourceSlot).toArray();
    int[] targetSlots = moves.stream().mapToInt(BlockMove::targetSlot).toArray();
    ShardMove move =
        new ShardMove(source, sourceSlots, target, targetSlots, Duration.ofNanos(nanos));
    for (ShardMember member : members) {
      send(on, member, new ShardFlight(move), join);
    }
  }

  private void send(Surroundings on, ShardMember member, ShardFlight flight, ShardJoin join) {
    CompletionStage<ShardOutcome> answer;
    long nanos = Math.addExact(flight.move.timeout().toNanos(), graceNanos);
    Cancellable alarm;
    member.unsettled.add(flight);
    try {
      alarm =
          on.deadlines()
              .scheduleAfter(
                  nanos, () -> run(on.executor(), () -> silent(on, member, flight, join, nanos)));
    } catch (ClosedException e) {
      end(on, member, flight, join, ShardAnswer.of(member.name, join.blocks(), null, e));
      return;
    }
    try {
      answer = Objects.requireNonNull(member.mover.move(flight.move), "no answer");
    } catch (RuntimeException | Error e) {
      answer = CompletableFuture.failedFuture(e);
    }
    answer.whenComplete(
        (outcome, error) -> {
          alarm.cancel();
          end(on, member, flight, join, ShardAnswer.of(member.name, join.blocks(), outcome, error));
        });
  }

  private static void run(Executor executor, Runnable task) {
    try {
      executor.execute(task);
    } catch (RejectedExecutionException _) {
      task.run();
    }
  }

  private void silent(
      Surroundings on, ShardMember member, ShardFlight flight, ShardJoin join, long nanos) {
    end(on, member, flight, join, ShardAnswer.silent(member.name, join.blocks(), nanos));
  }

  /** The first end of a flight counts; a late answer only settles it. */
  private void end(
      Surroundings on, ShardMember member, ShardFlight flight, ShardJoin join, ShardAnswer answer) {
    boolean first = flight.tryReport();
    String why = answer.fence();
    if (first && why != null) {
      fence(on, member, flight, why);
    }
    if (answer.isSettled()) {
      member.settle(flight);
    }
    if (first) {
      join.ended(answer.shards());
    }
  }

  private void fence(Surroundings on, ShardMember member, ShardFlight flight, String why) {
    synchronized (this) {
      if (runtime != on || member.fence != null || !member.unsettled.contains(flight)) {
        return; // the manager is closed, or the worker is fenced or was reset since then
      }
      member.fence = why;
      intact = false;
    }
    forget(on, member, why);
  }

  /**
   * Fences a worker that somebody knows to be gone, before a move to it fails. Does nothing to one
   * that is fenced already.
   *
   * @param name the worker
   * @param why goes on after its name, for instance {@code has left the directory}
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if there is no such worker
   */
  public void lost(String name, String why) {
    ShardMember member = require(name);
    Surroundings on;
    synchronized (this) {
      if (member.fence != null) {
        return;
      }
      on = runtime;
      member.fence = Objects.requireNonNull(why);
      intact = false;
    }
    if (on != null) {
      forget(on, member, why);
    }
  }

  private static void forget(Surroundings on, ShardMember member, String why) {
    LOG.log(
        System.Logger.Level.WARNING,
        "worker {0} {1}; its shards are unknown and every block counts as a miss until it is reset",
        member.name,
        why);
    run(on.executor(), on.forget());
  }

  @Override
  public Optional<CompletionStage<Void>> unsettled(int set, int slot) {
    if (intact) {
      return Optional.empty();
    }
    CompletableFuture<?>[] over =
        members.stream()
            .flatMap(member -> member.unsettled.stream())
            .filter(flight -> flight.touches(set, slot))
            .map(flight -> flight.settled)
            .toArray(CompletableFuture<?>[]::new);
    return over.length == 0 ? Optional.empty() : Optional.of(CompletableFuture.allOf(over));
  }

  @Override
  public long resets() {
    return resets;
  }

  @Override
  public <T> Optional<T> unlessReset(long expected, Supplier<T> action) {
    resetLock.readLock().lock();
    try {
      return resets == expected ? Optional.of(action.get()) : Optional.empty();
    } finally {
      resetLock.readLock().unlock();
    }
  }

  /**
   * Ends the fence of a worker, after every block of the manager has become a miss. Callers reset
   * through {@code KvBlockManager.resetWorker}.
   *
   * @param name the worker
   * @param fresh reaches it from now on; nothing moves there any more
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if there is no such worker
   */
  @SuppressWarnings("NonAtomicVolatileUpdate") // under the write lock
  public void reset(String name, ShardMover fresh) {
    Objects.requireNonNull(fresh, "fresh");
    ShardMember member = require(name);
    resetLock.writeLock().lock();
    try {
      resets++;
      Surroundings on = runtime;
      if (on != null) {
        on.forget().run();
      }
      synchronized (this) {
        member.mover = fresh;
        member.settleAll();
        member.fence = null;
        intact = members.stream().allMatch(each -> each.fence == null);
      }
    } finally {
      resetLock.writeLock().unlock();
    }
  }

  private ShardMember require(String name) {
    return members.stream()
        .filter(each -> each.name.equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new CallerException(
                    ErrorCode.INVALID_ARGUMENT,
                    "there is no worker '%s'; there are %s"
                        .formatted(name, members.stream().map(each -> each.name).toList())));
  }

  /** Collects workers. For one thread. */
  public static final class Builder {
    private final Map<String, ShardMover> movers = new LinkedHashMap<>();
    private Duration move = Duration.ofSeconds(30);
    private Duration grace = Duration.ofSeconds(5);

    private Builder() {}

    /**
     * Adds a worker.
     *
     * @param name its name in messages; each once
     * @param mover reaches it, for instance a {@link ShardWorker} of this process
     * @return this builder
     */
    public Builder worker(String name, ShardMover mover) {
      if (movers.putIfAbsent(name, Objects.requireNonNull(mover)) != null) {
        throw new ConfigurationException(
            ErrorCode.INVALID_CONFIG, "there are two workers '" + name + "'; name each once");
      }
      return this;
    }

    /**
     * Adds a worker that is another agent.
     *
     * @param name its name in messages; each once
     * @param peer reaches it; it stays the caller's
     * @return this builder
     */
    public Builder worker(String name, RemotePeer peer) {
      return worker(name, (ShardMover) peer::move);
    }

    /**
     * Sets how long a worker may take; otherwise 30 s to move, and 5 s more to answer.
     *
     * @param moving for a move without a nearer deadline; above 0
     * @param answering after that, until it counts as silent; not negative
     * @return this builder
     */
    public Builder patience(Duration moving, Duration answering) {
      if (moving.isNegative() || moving.isZero() || answering.isNegative()) {
        throw new ConfigurationException(
            ErrorCode.INVALID_CONFIG,
            "workers need a time above 0 to move and one not below 0 to answer, got %s and %s"
                .formatted(moving, answering));
      }
      move = moving;
      grace = answering;
      return this;
    }

    /**
     * {@return the workers}
     *
     * @throws ConfigurationException if there are none
     */
    public ShardWorkers build() {
      if (movers.isEmpty()) {
        throw new ConfigurationException(
            ErrorCode.INVALID_CONFIG, "a leader needs at least one worker; add one");
      }
      return new ShardWorkers(this);
    }
  }
}
