package io.kvbm.core.prefetch;

import io.kvbm.api.CancellationToken;
import io.kvbm.api.block.BlockKey;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** One call of {@link Prefetcher#prefetch}. Its state is guarded by the prefetcher. */
final class PrefetchRequest implements PrefetchHandle {

  final long deadlineNanos;

  /** Orders requests of one deadline. */
  final long number;

  final CancellationToken cancellation = new CancellationToken();
  private final Prefetcher prefetcher;
  private final List<BlockKey> keys;
  private final CompletableFuture<PrefetchReport> completion = new CompletableFuture<>();
  private int nextKey;
  private int operations;
  private int loadedBlocks;
  private long loadedBytes;

  /** How it ends early, once that is known. */
  private @Nullable PrefetchOutcome early;

  PrefetchRequest(Prefetcher prefetcher, List<BlockKey> keys, long deadlineNanos, long number) {
    this.prefetcher = prefetcher;
    this.keys = List.copyOf(keys);
    this.deadlineNanos = deadlineNanos;
    this.number = number;
  }

  @Override
  public CompletionStage<PrefetchReport> completion() {
    return completion.minimalCompletionStage();
  }

  @Override
  public void cancel() {
    prefetcher.cancel(this);
  }

  boolean hasMore() {
    return nextKey < keys.size();
  }

  BlockKey takeNext() {
    return keys.get(nextKey++);
  }

  /** Drops what was not begun; the first reason holds. */
  void endEarly(PrefetchOutcome outcome) {
    if (early == null) {
      early = outcome;
    }
    nextKey = keys.size();
  }

  void begin() {
    operations++;
  }

  void end(int blocks, long byteSize) {
    operations--;
    loadedBlocks += blocks;
    loadedBytes += byteSize;
  }

  boolean isFinished() {
    return operations == 0 && !hasMore();
  }

  PrefetchReport report() {
    PrefetchOutcome outcome = early == null ? PrefetchOutcome.LOADED : early;
    return new PrefetchReport(outcome, keys.size(), loadedBlocks, loadedBytes);
  }

  /** Tells those who wait; no lock is held. Later calls do nothing. */
  void complete() {
    completion.complete(report());
  }
}
