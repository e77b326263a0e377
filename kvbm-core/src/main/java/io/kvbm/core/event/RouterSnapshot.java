package io.kvbm.core.event;

import io.kvbm.api.block.BlockKey;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the tiers held after one event of a {@link RouterEventLog}: a replay from {@code sequence +
 * 1} continues it without loss or repetition.
 *
 * @param incarnation which log, as {@link RouterEventLog#incarnation()}
 * @param sequence number of the last event that is contained; 0 where there was none
 * @param blockSize tokens in a block
 * @param tiers the blocks of each tier, in no order
 */
public record RouterSnapshot(
    long incarnation, long sequence, int blockSize, Map<String, List<Resident>> tiers) {

  /**
   * One block.
   *
   * @param key the block
   * @param parent the block before it, which may be in another tier or in none, or null
   */
  public record Resident(BlockKey key, @Nullable BlockKey parent) {}

  /** Copies the map and the lists. */
  public RouterSnapshot {
    Map<String, List<Resident>> copies = new HashMap<>();
    tiers.forEach((tier, blocks) -> copies.put(tier, List.copyOf(blocks)));
    tiers = Map.copyOf(copies);
  }

  /**
   * {@return the same as events, for routers that know nothing else: what a tier holds as chains,
   * parents before children, without tokens; all have the number of the snapshot}
   */
  public List<RouterEvent> asEvents() {
    List<RouterEvent> events = new ArrayList<>();
    tiers.forEach((tier, blocks) -> addChains(tier, blocks, events));
    return events;
  }

  private void addChains(String tier, List<Resident> blocks, List<RouterEvent> events) {
    Set<BlockKey> present = new HashSet<>();
    blocks.forEach(block -> present.add(block.key));
    Map<BlockKey, List<Resident>> children = new HashMap<>();
    Deque<Resident> starts = new ArrayDeque<>();
    for (Resident block : blocks) {
      BlockKey parent = block.parent;
      if (parent == null || !present.contains(parent)) {
        starts.add(block);
      } else {
        children.computeIfAbsent(parent, any -> new ArrayList<>()).add(block);
      }
    }
    while (!starts.isEmpty()) {
      Resident start = starts.remove();
      List<BlockKey> chain = new ArrayList<>(List.of(start.key));
      List<Resident> next = children.getOrDefault(start.key, List.of());
      while (!next.isEmpty()) {
        starts.addAll(next.subList(1, next.size()));
        chain.add(next.getFirst().key);
        next = children.getOrDefault(next.getFirst().key, List.of());
      }
      events.add(
          new RouterEvent.Stored(tier, sequence, start.parent, chain, blockSize, TokenIds.NONE));
    }
  }
}
