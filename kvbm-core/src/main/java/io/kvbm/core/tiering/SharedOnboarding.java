package io.kvbm.core.tiering;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.core.onboard.Missing;
import io.kvbm.core.onboard.OnboardResult;
import io.kvbm.core.onboard.Onboarding;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A request whose remainder comes from other workers, once the tiers here have given what they
 * have. Threading: safe from any thread.
 */
final class SharedOnboarding implements Onboarding {

  private static final System.Logger LOG = System.getLogger(SharedOnboarding.class.getName());

  /** What the engine does for it. */
  interface Peers {
    /** Begins to load what is missing; null for nothing. */
    @Nullable PeerLoad load(List<BlockKey> keys, OnboardResult local);

    /** Brings what came to the top tier, as much as has room; consumes the blocks; waits. */
    List<ImmutableBlock> raise(List<ImmutableBlock> blocks);

    /** {@return the source of such blocks} */
    int sourceIndex();

    /** {@return what such blocks are counted under} */
    String name();
  }

  private final Onboarding local;
  private final List<BlockKey> keys;
  private final Peers peers;
  private final Executor executor;
  private final CompletableFuture<OnboardResult> settled = new CompletableFuture<>();
  private final CompletableFuture<OnboardResult> exposed = new CompletableFuture<>();
  private @Nullable PeerLoad load;
  private boolean cancelled;
  private @Nullable Consumer<ImmutableBlock> consumer;
  private List<ImmutableBlock> fetched = List.of();
  private int localCount = -1;
  private int delivered;
  private boolean fetchedDelivered;

  SharedOnboarding(Onboarding local, List<BlockKey> keys, Peers peers, Executor executor) {
    this.local = local;
    this.keys = keys;
    this.peers = peers;
    this.executor = executor;
  }

  SharedOnboarding start() {
    local.result().thenAccept(this::localEnded);
    return this;
  }

  private void localEnded(OnboardResult result) {
    PeerLoad begun = null;
    try {
      synchronized (this) {
        if (!cancelled) {
          begun = peers.load(keys, result);
          load = begun;
        }
      }
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, "blocks of other workers count as misses", e);
    }
    if (begun == null) {
      end(result, List.of());
      return;
    }
    begun
        .blocks()
        .whenComplete(
            (blocks, error) ->
                executor.execute(() -> end(result, error == null ? raised(blocks) : List.of())));
  }

  private List<ImmutableBlock> raised(List<ImmutableBlock> blocks) {
    try {
      return blocks.isEmpty() ? blocks : peers.raise(blocks);
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, "blocks of other workers count as misses", e);
      return List.of();
    }
  }

  private void end(OnboardResult result, List<ImmutableBlock> more) {
    OnboardResult all = more.isEmpty() ? result : joined(result, more);
    synchronized (this) {
      fetched = more;
      localCount = result.blocks().size();
    }
    settled.complete(all);
    deliver();
    executor.execute(() -> exposed.complete(all));
  }

  private OnboardResult joined(OnboardResult result, List<ImmutableBlock> more) {
    List<ImmutableBlock> blocks = new ArrayList<>(result.blocks());
    blocks.addAll(more);
    List<Integer> sources = new ArrayList<>(result.sources());
    more.forEach(_ -> sources.add(peers.sourceIndex()));
    List<Missing> missing = result.missing().subList(more.size(), result.missing().size());
    Map<String, Integer> hits = new HashMap<>(result.hits());
    hits.put(peers.name(), more.size());
    return new OnboardResult(blocks, sources, missing, hits);
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
  public void onEach(Consumer<ImmutableBlock> each) {
    synchronized (this) {
      if (consumer != null) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT, "the blocks of this request have a consumer already");
      }
      consumer = each;
    }
    local.onEach(
        block -> {
          try {
            each.accept(block);
          } finally {
            synchronized (this) {
              delivered++;
            }
            deliver();
          }
        });
    deliver();
  }

  /** What came from elsewhere follows what was here. */
  private void deliver() {
    Consumer<ImmutableBlock> each;
    List<ImmutableBlock> due;
    synchronized (this) {
      each = consumer;
      if (each == null || fetchedDelivered || localCount < 0 || delivered < localCount) {
        return;
      }
      fetchedDelivered = true;
      due = fetched;
    }
    executor.execute(
        () -> {
          for (ImmutableBlock block : due) {
            try {
              each.accept(block);
            } catch (RuntimeException | Error e) {
              LOG.log(System.Logger.Level.ERROR, "a consumer of onboarded blocks failed", e);
            }
          }
        });
  }

  @Override
  public CompletionStage<Void> cancel() {
    PeerLoad begun;
    synchronized (this) {
      cancelled = true;
      begun = load;
    }
    CompletionStage<Void> here = local.cancel();
    return begun == null ? here : here.thenCombine(begun.cancel(), (_, _) -> null);
  }
}
