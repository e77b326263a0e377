package io.kvbm.core.event;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.event.BlockEvent;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Blocks of one tier that were all gained or all lost, not yet published. Not thread safe. */
final class EventBatch {

  /** Makes the event that gets the next number. */
  @FunctionalInterface
  interface Draft {
    BlockEvent number(long sequence);
  }

  private record Entry(BlockKey key, @Nullable BlockKey parent, long position) {}

  private record Chain(@Nullable BlockKey parent, List<BlockKey> keys) {}

  private final String tier;
  private final boolean stored;
  private final List<Entry> entries = new ArrayList<>();

  EventBatch(String tier, boolean stored) {
    this.tier = tier;
    this.stored = stored;
  }

  boolean takes(String otherTier, boolean otherStored) {
    return stored == otherStored && tier.equals(otherTier);
  }

  void add(BlockKey key, @Nullable BlockKey parent, long position) {
    entries.add(new Entry(key, parent, position));
  }

  int size() {
    return entries.size();
  }

  /** Returns the events: parents before children when gained, children before parents when lost. */
  List<Draft> drafts() {
    return stored ? storedDrafts() : List.of(removedDraft());
  }

  private Draft removedDraft() {
    entries.sort(Comparator.comparingLong(Entry::position).reversed());
    List<BlockKey> keys = entries.stream().map(Entry::key).toList();
    return sequence -> new BlockEvent.Removed(tier, sequence, keys);
  }

  /** A stored event is one chain, so blocks are joined to the chain that ends with their parent. */
  private List<Draft> storedDrafts() {
    entries.sort(Comparator.comparingLong(Entry::position));
    List<Chain> chains = new ArrayList<>();
    Map<BlockKey, Chain> chainByEnd = new HashMap<>();
    for (Entry entry : entries) {
      Chain chain = entry.parent == null ? null : chainByEnd.remove(entry.parent);
      if (chain == null) {
        chain = new Chain(entry.parent, new ArrayList<>());
        chains.add(chain);
      }
      chain.keys.add(entry.key);
      chainByEnd.put(entry.key, chain);
    }
    return chains.stream().map(this::storedDraft).toList();
  }

  private Draft storedDraft(Chain chain) {
    return sequence -> new BlockEvent.Stored(tier, sequence, chain.parent, chain.keys);
  }
}
