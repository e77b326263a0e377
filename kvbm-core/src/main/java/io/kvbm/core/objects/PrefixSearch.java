package io.kvbm.core.objects;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.store.StoredBlock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * Looks for the longest prefix of a sequence, several blocks at once: for its first block alone
 * where nothing is known, since most sequences that are asked for are nowhere.
 */
final class PrefixSearch {

  private final List<BlockKey> keys;
  private final BooleanSupplier isOver;
  private final int first;
  private final int atOnce;
  private final Function<BlockKey, CompletableFuture<Optional<StoredBlock>>> lookup;
  private final List<StoredBlock> found = new ArrayList<>();
  private final CompletableFuture<List<StoredBlock>> result = new CompletableFuture<>();

  PrefixSearch(
      List<BlockKey> keys,
      BooleanSupplier isOver,
      int first,
      int atOnce,
      Function<BlockKey, CompletableFuture<Optional<StoredBlock>>> lookup) {
    this.keys = keys;
    this.isOver = isOver;
    this.first = first;
    this.atOnce = atOnce;
    this.lookup = lookup;
  }

  /** {@return completes with the prefix, never exceptionally} */
  CompletableFuture<List<StoredBlock>> start() {
    step();
    return result;
  }

  private void step() {
    int from = found.size();
    if (from == keys.size() || isOver.getAsBoolean()) {
      result.complete(found);
      return;
    }
    int end = Math.min(keys.size(), from + (from == 0 ? first : atOnce));
    List<CompletableFuture<Optional<StoredBlock>>> lookups =
        keys.subList(from, end).stream().map(lookup).toList();
    var _ =
        CompletableFuture.allOf(lookups.toArray(CompletableFuture[]::new))
            .whenComplete((_, _) -> take(lookups));
  }

  private void take(List<CompletableFuture<Optional<StoredBlock>>> lookups) {
    for (CompletableFuture<Optional<StoredBlock>> one : lookups) {
      Optional<StoredBlock> block = one.isCompletedExceptionally() ? Optional.empty() : one.join();
      if (block.isEmpty()) {
        result.complete(found);
        return;
      }
      found.add(block.get());
    }
    step();
  }
}
