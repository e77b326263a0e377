package io.kvbm.core.onboard;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.time.Cancellable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request: what has arrived of it, and its end. It ends when every block before the first that
 * is missing has arrived, or when somebody ends it; exactly one of them does.
 */
final class OnboardRequest implements Onboarding {

  private static final System.Logger LOG = System.getLogger(OnboardRequest.class.getName());

  /** What a request needs of its onboarder. */
  interface Owner {

    /** Runs a task on the onboarder's executor. */
    void execute(Runnable task);

    /** Counts what a request ended with; {@return the blocks by the name of their tier} */
    Map<String, Integer> count(int[] blocksByTier, List<Missing> missing);

    /**
     * A request has ended and waits for nothing any more; {@return completes when what was in
     * flight for it alone is not}
     */
    CompletionStage<Void> ended(OnboardRequest request, End end);

    /** {@return how many tiers there are} */
    int tierCount();
  }

  /** How a request ends, and what those blocks are called then that have not arrived. */
  enum End {
    /** Everything that is of use has arrived. */
    COMPLETE,
    /** The deadline passed. */
    DEADLINE,
    /** Waiting any longer loses to computing. */
    IMPATIENT,
    /** The caller has lost interest. */
    CANCELLED;

    Missing unarrived(BlockKey key) {
      return switch (this) {
        case COMPLETE -> new Missing.Behind(key);
        case DEADLINE -> new Missing.Deadline(key);
        case IMPATIENT -> new Missing.Avoided(key);
        case CANCELLED -> new Missing.Cancelled(key);
      };
    }

    /** {@return whether loads that nobody else wants are to be stopped in flight} */
    boolean stopsLoads() {
      return this == CANCELLED;
    }

    /** {@return whether what is in flight has taken too long} */
    boolean isOverdue() {
      return this == DEADLINE || this == IMPATIENT;
    }
  }

  /** The loads it has joined; under the lock of the {@link LoadTable}. */
  final List<Load> joined = new ArrayList<>();

  private final Owner owner;
  private final List<BlockKey> keys;
  private final int[] tiers;
  private final @Nullable ImmutableBlock[] blocks;
  private final @Nullable Missing[] reasons;
  private final CompletableFuture<OnboardResult> settled = new CompletableFuture<>();
  private final CompletableFuture<OnboardResult> exposed = new CompletableFuture<>();
  private final AtomicInteger deliveries = new AtomicInteger();
  private final List<Cancellable> alarms = new ArrayList<>();
  private volatile @Nullable Consumer<ImmutableBlock> consumer;
  private int delivered;
  private int prefix;
  private int cut;
  private boolean ended;

  /**
   * Creates a request.
   *
   * @param tiers where each block that is to arrive comes from
   * @param reasons why the blocks after those are missing
   */
  OnboardRequest(Owner owner, List<BlockKey> keys, int[] tiers, List<Missing> reasons) {
    this.owner = owner;
    this.keys = keys;
    this.tiers = tiers;
    this.blocks = new ImmutableBlock[keys.size()];
    this.reasons = new Missing[keys.size()];
    this.cut = tiers.length;
    for (int i = 0; i < reasons.size(); i++) {
      this.reasons[tiers.length + i] = reasons.get(i);
    }
  }

  /** Takes over an alarm that ends with this request. */
  void addAlarm(Cancellable alarm) {
    synchronized (this) {
      if (!ended) {
        alarms.add(alarm);
        return;
      }
    }
    alarm.cancel();
  }

  /** {@return whether it has ended, so that what it joined since is not wanted} */
  synchronized boolean hasEnded() {
    return ended;
  }

  /** Ends a request that waits for nothing. */
  void begun() {
    Ending ending;
    synchronized (this) {
      ending = endIfComplete();
    }
    finish(ending);
  }

  /**
   * A block has arrived.
   *
   * @return false if the request had ended: the block stays the caller's
   */
  boolean arrived(int index, ImmutableBlock block) {
    Ending ending;
    synchronized (this) {
      if (ended) {
        return false;
      }
      blocks[index] = block;
      while (prefix < cut && blocks[prefix] != null) {
        prefix++;
      }
      ending = endIfComplete();
    }
    deliver();
    finish(ending);
    return true;
  }

  /** A block will not arrive. */
  void missed(int index, Missing reason) {
    Ending ending;
    synchronized (this) {
      if (ended) {
        return;
      }
      reasons[index] = reason;
      cut = Math.min(cut, index);
      ending = endIfComplete();
    }
    finish(ending);
  }

  /** Ends the request; {@return as {@link Owner#ended}, complete if it had ended} */
  CompletionStage<Void> end(End end) {
    Ending ending;
    synchronized (this) {
      ending = ended ? null : endAs(end);
    }
    return finish(ending);
  }

  /** What is to be done about an end, with no lock held. */
  private record Ending(
      End end, OnboardResult result, List<ImmutableBlock> surplus, List<Cancellable> alarms) {}

  private @Nullable Ending endIfComplete() {
    return !ended && prefix == cut ? endAs(End.COMPLETE) : null;
  }

  private Ending endAs(End end) {
    ended = true;
    List<ImmutableBlock> own = new ArrayList<>(prefix);
    List<ImmutableBlock> surplus = new ArrayList<>();
    List<Missing> missing = new ArrayList<>(keys.size() - prefix);
    List<Integer> sources = new ArrayList<>(prefix);
    int[] byTier = new int[owner.tierCount()];
    for (int i = 0; i < keys.size(); i++) {
      ImmutableBlock block = blocks[i];
      Missing reason = reasons[i];
      if (i < prefix) {
        own.add(Objects.requireNonNull(block));
        byTier[tiers[i]]++;
        sources.add(tiers[i]);
      } else if (block != null) {
        surplus.add(block);
        missing.add(new Missing.Behind(keys.get(i)));
      } else {
        missing.add(reason != null ? reason : end.unarrived(keys.get(i)));
      }
    }
    OnboardResult result = new OnboardResult(own, sources, missing, owner.count(byTier, missing));
    return new Ending(end, result, surplus, List.copyOf(alarms));
  }

  private CompletionStage<Void> finish(@Nullable Ending ending) {
    if (ending == null) {
      return CompletableFuture.completedFuture(null);
    }
    ending.alarms.forEach(Cancellable::cancel);
    BlockPool.closeAll(ending.surplus);
    CompletionStage<Void> drained = owner.ended(this, ending.end);
    settled.complete(ending.result);
    owner.execute(() -> exposed.complete(ending.result));
    return drained;
  }

  @Override
  public CompletionStage<OnboardResult> result() {
    return exposed.minimalCompletionStage();
  }

  @Override
  public OnboardResult await() {
    return settled.join();
  }

  @Override
  public CompletionStage<Void> cancel() {
    return end(End.CANCELLED);
  }

  @Override
  public void onEach(Consumer<ImmutableBlock> each) {
    synchronized (this) {
      if (consumer != null) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT, "the blocks of this request have a consumer already");
      }
      consumer = each;
    }
    deliver();
  }

  private void deliver() {
    if (consumer != null && deliveries.getAndIncrement() == 0) {
      owner.execute(this::deliverAll);
    }
  }

  /** One thread at a time; who comes meanwhile leaves it another round. */
  private void deliverAll() {
    Consumer<ImmutableBlock> each = Objects.requireNonNull(consumer);
    int seen;
    do {
      seen = deliveries.get();
      for (ImmutableBlock block = next(); block != null; block = next()) {
        try {
          each.accept(block);
        } catch (RuntimeException | Error e) {
          LOG.log(System.Logger.Level.ERROR, "a consumer of onboarded blocks failed", e);
        }
      }
    } while (deliveries.addAndGet(-seen) != 0);
  }

  private synchronized @Nullable ImmutableBlock next() {
    return delivered < prefix ? blocks[delivered++] : null;
  }
}
