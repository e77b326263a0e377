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
 * @param maxBlocksPerEvent so many blocks go into one event at most, as in the log
 * @param tiers the blocks of each tier, in no order
 */
public record RouterSnapshot(
    long incarnation,
    long sequence,
    int blockSize,
    int maxBlocksPerEvent,
    Map<String, List<Resident>> tiers) {

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
   * {@return the same as events, for routers that know nothing else: what a tier holds as chains of
   * at most {@code maxBlocksPerEvent} blocks, without tokens; all have the number of the snapshot}
   * Parents come before children, but where parents are named in a circle: there one of its blocks
   * comes first.
   */
  public List<RouterEvent> asEvents() {
    List<RouterEvent> events = new ArrayList<>();
    tiers.forEach((tier, blocks) -> new Chains(tier, blocks, events).addAll(blocks));
    return events;
  }

  /** Tells the blocks of a tier, each once. */
  private final class Chains {
    private final String tier;
    private final List<RouterEvent> events;
    private final Map<BlockKey, List<Resident>> children = new HashMap<>();
    private final Deque<Resident> starts = new ArrayDeque<>();
    private final Set<BlockKey> told = new HashSet<>();

    private Chains(String tier, List<Resident> blocks, List<RouterEvent> events) {
      this.tier = tier;
      this.events = events;
      Set<BlockKey> present = new HashSet<>();
      blocks.forEach(block -> present.add(block.key));
      for (Resident block : blocks) {
        BlockKey parent = block.parent;
        if (parent == null || !present.contains(parent)) {
          starts.add(block);
        } else {
          children.computeIfAbsent(parent, any -> new ArrayList<>()).add(block);
        }
      }
    }

    private void addAll(List<Resident> blocks) {
      addFromStarts();
      for (Resident block : blocks) { // those that are left follow one another in circles
        starts.add(block);
        addFromStarts();
      }
    }

    private void addFromStarts() {
      while (!starts.isEmpty()) {
        Resident start = starts.remove();
        if (told.add(start.key)) {
          addChain(start);
        }
      }
    }

    private void addChain(Resident start) {
      BlockKey parent = start.parent;
      List<BlockKey> chain = new ArrayList<>(List.of(start.key));
      Resident next = next(start.key);
      while (next != null) {
        if (chain.size() == maxBlocksPerEvent) {
          add(parent, chain);
          parent = chain.getLast();
          chain.clear();
        }
        chain.add(next.key);
        next = next(next.key);
      }
      add(parent, chain);
    }

    /**
     * Returns a child to go on with, told from now on, or null; its siblings begin chains later.
     */
    private @Nullable Resident next(BlockKey key) {
      Resident next = null;
      for (Resident child : children.getOrDefault(key, List.of())) {
        if (next != null) {
          starts.add(child);
        } else if (told.add(child.key)) {
          next = child;
        }
      }
      return next;
    }

    private void add(@Nullable BlockKey parent, List<BlockKey> chain) {
      events.add(new RouterEvent.Stored(tier, sequence, parent, chain, blockSize, TokenIds.NONE));
    }
  }
}
