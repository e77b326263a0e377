package io.kvbm.core.tiering;

import io.kvbm.api.block.BasicMetadata;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.CompleteBlock;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.SharedBlocks;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.time.Cancellable;
import io.kvbm.core.time.Deadlines;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * What other workers left in the store of a tier here: it is looked up when no tier has it, and
 * becomes a part of that tier, whence it comes up as what was written here does.
 *
 * <p>Threading: safe from any thread; the look-up and the room in the tier are waited for on the
 * executor.
 */
final class SharedStoreSource implements PeerSource {

  /** More requests at once are not looked up: a store that is that busy is no help to them. */
  private static final int MAX_LOOKUPS = 16;

  private static final long LOOKUP_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final System.Logger LOG = System.getLogger(SharedStoreSource.class.getName());

  private final int index;
  private final Tier tier;
  private final SharedBlocks store;
  private final IntFunction<List<MutableBlock>> room;
  private final Function<List<CompleteBlock>, List<ImmutableBlock>> register;
  private final Executor executor;
  private final Deadlines deadlines;
  private final Semaphore running = new Semaphore(MAX_LOOKUPS);

  /**
   * @param index the tier's index
   * @param tier on the store
   * @param store the tier's
   * @param room gives blocks of the tier, as many as there is room for
   * @param register registers blocks of the tier
   */
  SharedStoreSource(
      int index,
      Tier tier,
      SharedBlocks store,
      IntFunction<List<MutableBlock>> room,
      Function<List<CompleteBlock>, List<ImmutableBlock>> register,
      Executor executor,
      Deadlines deadlines) {
    this.index = index;
    this.tier = tier;
    this.store = store;
    this.room = room;
    this.register = register;
    this.executor = executor;
    this.deadlines = deadlines;
  }

  @Override
  public String name() {
    return "shared";
  }

  @Override
  public boolean mayHave(List<BlockKey> keys, int from) {
    return from < keys.size() && running.availablePermits() > 0 && store.mayHave(keys.get(from));
  }

  @Override
  public int targetTier() {
    return index;
  }

  @Override
  public PeerLoad load(List<BlockKey> keys, int from, long deadlineNanos) {
    long now = deadlines.nanoTime();
    long left = deadlineNanos == 0 ? LOOKUP_NANOS : Math.min(LOOKUP_NANOS, deadlineNanos - now);
    if (left <= 0 || !running.tryAcquire()) {
      return PeerLoad.NONE;
    }
    int most = (int) Math.min(keys.size() - from, tier.pool().totalBlocks());
    Lookup lookup = new Lookup(List.copyOf(keys.subList(0, from + most)), from);
    lookup.start(left);
    return lookup;
  }

  /** One request. */
  private final class Lookup implements PeerLoad {
    private final List<BlockKey> keys;
    private final int from;
    private final CompletableFuture<List<ImmutableBlock>> result = new CompletableFuture<>();
    private final CompletableFuture<Void> drained = new CompletableFuture<>();
    private volatile boolean over;

    Lookup(List<BlockKey> keys, int from) {
      this.keys = keys;
      this.from = from;
    }

    void start(long timeoutNanos) {
      Cancellable limit;
      try {
        limit = deadlines.scheduleAfter(timeoutNanos, this::giveUp);
      } catch (RuntimeException e) {
        end(List.of());
        throw e;
      }
      store
          .findPrefix(keys.subList(from, keys.size()), () -> over)
          .whenComplete(
              (found, error) -> {
                limit.cancel();
                found(error == null ? found : List.of());
              });
    }

    private void giveUp() {
      over = true;
      result.complete(List.of());
    }

    private void found(List<StoredBlock> found) {
      if (found.isEmpty() || over) {
        end(List.of());
        return;
      }
      try {
        executor.execute(() -> end(adopted(found)));
      } catch (RuntimeException e) {
        end(List.of()); // all is being closed
      }
    }

    private void end(List<ImmutableBlock> blocks) {
      running.release();
      if (!result.complete(blocks)) {
        BlockPool.closeAll(blocks);
      }
      drained.complete(null);
    }

    private List<ImmutableBlock> adopted(List<StoredBlock> found) {
      List<MutableBlock> targets = List.of();
      List<CompleteBlock> complete = new ArrayList<>();
      try {
        targets = room.apply(found.size());
        int count = Math.min(found.size(), targets.size());
        for (int i = 0; i < count; i++) {
          complete.add(adopted(from + i, found.get(i), targets.get(i)));
        }
        return complete.isEmpty() ? List.of() : register.apply(complete);
      } catch (RuntimeException e) {
        LOG.log(System.Logger.Level.WARNING, "blocks other workers stored count as misses", e);
        complete.forEach(CompleteBlock::close);
        return List.of();
      } finally {
        BlockPool.closeAll(targets); // those that were not registered
      }
    }

    private CompleteBlock adopted(int at, StoredBlock block, MutableBlock target) {
      store.adopt(target.blockId(), tier.pool().generation(target), block);
      if (target.metadata() instanceof BasicMetadata basic) {
        basic.setPriority(block.priority());
      }
      @Nullable BlockKey parent = at == 0 ? null : keys.get(at - 1);
      return target.complete(keys.get(at), parent);
    }

    @Override
    public CompletionStage<List<ImmutableBlock>> blocks() {
      return result.minimalCompletionStage();
    }

    @Override
    public CompletionStage<Void> cancel() {
      giveUp();
      return drained.minimalCompletionStage();
    }
  }
}
