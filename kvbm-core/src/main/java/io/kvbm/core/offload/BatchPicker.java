package io.kvbm.core.offload;

import io.kvbm.api.block.BlockKey;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Chooses the blocks of a batch: the first of the queue and what goes with them, so that the
 * transfer finds neighbours next to each other. Parents and children go together, and blocks of
 * neighbouring slots; both only among blocks of one priority that were queued at about the same
 * time, so that nothing is passed by much.
 */
final class BatchPicker {

  /** A block may be brought forward by so many batches. */
  private static final int WINDOW_BATCHES = 4;

  private final List<QueueEntry> window = new ArrayList<>();
  private final Map<BlockKey, QueueEntry> byKey = new HashMap<>();
  private final Map<BlockKey, List<QueueEntry>> byParent = new HashMap<>();
  private final Map<Integer, QueueEntry> byBlockId = new HashMap<>();
  private final Set<QueueEntry> chosen = new LinkedHashSet<>();
  private final int maxBlocks;

  private BatchPicker(Iterable<QueueEntry> queue, int maxBlocks) {
    this.maxBlocks = maxBlocks;
    long size = (long) maxBlocks * WINDOW_BATCHES;
    for (QueueEntry entry : queue) {
      if (window.size() == size) {
        break;
      }
      window.add(entry);
      byKey.put(entry.key, entry);
      byBlockId.putIfAbsent(entry.blockId, entry);
      if (entry.parent != null) {
        byParent.computeIfAbsent(entry.parent, _ -> new ArrayList<>(1)).add(entry);
      }
    }
  }

  /**
   * {@return the blocks of the next batch: higher priorities first, parents before children, else
   * by slot}
   *
   * @param queue in the order of the queue; not changed
   * @param maxBlocks at most so many, above 0
   */
  static List<QueueEntry> pick(Iterable<QueueEntry> queue, int maxBlocks) {
    BatchPicker picker = new BatchPicker(queue, maxBlocks);
    picker.choose();
    return picker.arranged();
  }

  private void choose() {
    if (window.size() <= maxBlocks) {
      chosen.addAll(window);
      return;
    }
    for (QueueEntry head : window) {
      if (chosen.size() == maxBlocks) {
        return;
      }
      chooseAround(head);
    }
  }

  private void chooseAround(QueueEntry head) {
    Deque<QueueEntry> next = new ArrayDeque<>();
    next.add(head);
    while (!next.isEmpty() && chosen.size() < maxBlocks) {
      QueueEntry entry = next.remove();
      if (chosen.add(entry)) {
        for (QueueEntry neighbour : neighbours(entry)) {
          if (neighbour.priority == entry.priority && !chosen.contains(neighbour)) {
            next.add(neighbour);
          }
        }
      }
    }
  }

  private List<QueueEntry> neighbours(QueueEntry entry) {
    List<QueueEntry> neighbours = new ArrayList<>();
    QueueEntry parent = entry.parent == null ? null : byKey.get(entry.parent);
    if (parent != null) {
      neighbours.add(parent);
    }
    neighbours.addAll(byParent.getOrDefault(entry.key, List.of()));
    for (int blockId = entry.blockId - 1; blockId <= entry.blockId + 1; blockId += 2) {
      QueueEntry besides = byBlockId.get(blockId);
      if (besides != null) {
        neighbours.add(besides);
      }
    }
    return neighbours;
  }

  /** Where the target lacks room, the last ones are left out. */
  private List<QueueEntry> arranged() {
    List<QueueEntry> sorted = new ArrayList<>(chosen);
    sorted.sort(
        Comparator.comparingLong((QueueEntry entry) -> entry.priority)
            .reversed()
            .thenComparingInt(entry -> entry.blockId));
    Set<QueueEntry> placed = new LinkedHashSet<>();
    for (QueueEntry entry : sorted) {
      placeDescent(ancestor(entry, placed), placed);
    }
    return new ArrayList<>(placed);
  }

  /** {@return the first block of the chain that is chosen and not placed, with equal priority} */
  private QueueEntry ancestor(QueueEntry entry, Set<QueueEntry> placed) {
    Set<QueueEntry> passed = new HashSet<>(); // keys may name each other as parents
    QueueEntry first = entry;
    while (passed.add(first)) {
      QueueEntry parent = first.parent == null ? null : byKey.get(first.parent);
      if (parent == null || !belongs(parent, entry.priority) || placed.contains(parent)) {
        return first;
      }
      first = parent;
    }
    return entry;
  }

  /** Places a block and, each behind its parent, those that follow it. */
  private void placeDescent(QueueEntry root, Set<QueueEntry> placed) {
    Deque<QueueEntry> next = new ArrayDeque<>();
    next.push(root);
    while (!next.isEmpty()) {
      QueueEntry entry = next.pop();
      if (placed.add(entry)) {
        List<QueueEntry> children = byParent.getOrDefault(entry.key, List.of());
        for (QueueEntry child : children) {
          if (belongs(child, entry.priority)) {
            next.push(child);
          }
        }
      }
    }
  }

  private boolean belongs(QueueEntry entry, long priority) {
    return chosen.contains(entry) && entry.priority == priority;
  }
}
