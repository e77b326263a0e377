package io.kvbm.cli.simulate;

import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One pass of a trace over tiers one below the other, each with a policy of its own: what a tier
 * evicts goes to the next, what is used goes to the first, and a block is in one tier at a time, as
 * in a chain with write-back edges.
 *
 * <p>Otherwise the rules are those of {@link Simulation}: with one tier both count the same hits.
 */
final class TieredSimulation {

  private static final int ABSENT = -1;

  private final References references;
  private final List<Level> levels = new ArrayList<>();
  private final byte[] levelOfBlock;
  private final int[] slotOfBlock;
  private final long[] hits;

  /** By block: the one before it in the latest request. */
  private final int[] parents;

  /** By block: the one behind it in the latest request. */
  private final int[] children;

  /**
   * @param references what is asked for
   * @param provider makes the policy of each tier
   * @param capacities blocks of each tier, the fastest first
   */
  TieredSimulation(References references, EvictionPolicyProvider provider, List<Long> capacities) {
    this.references = references;
    this.levelOfBlock = new byte[references.uniqueCount()];
    this.slotOfBlock = new int[references.uniqueCount()];
    this.hits = new long[capacities.size()];
    this.parents = new int[references.uniqueCount()];
    this.children = new int[references.uniqueCount()];
    Arrays.fill(levelOfBlock, (byte) ABSENT);
    Arrays.fill(parents, ABSENT);
    Arrays.fill(children, ABSENT);
    for (long capacity : capacities) {
      int slots = (int) Math.min(capacity, Math.max(1, references.uniqueCount()));
      levels.add(new Level(provider.create(slots), slots));
    }
  }

  /** Serves all requests, once, and returns how many blocks were hit in each tier. */
  long[] run() {
    for (int request = 0; request < references.requestCount(); request++) {
      int start = references.start(request);
      int end = references.start(request + 1);
      countPrefix(start, end);
      relate(start, end);
      levels.getFirst().makeSlots(end - start);
      raise(start, end);
      for (int index = end - 1; index >= start; index--) {
        int slot = slotOfBlock[references.block(index)];
        levels.getFirst().policy.touch(slot);
        levels.getFirst().policy.offer(slot);
      }
      for (int level = 0; level < levels.size(); level++) {
        overflow(level);
      }
    }
    return hits.clone();
  }

  private void countPrefix(int start, int end) {
    for (int index = start; index < end; index++) {
      int level = levelOfBlock[references.block(index)];
      if (level == ABSENT) {
        return;
      }
      hits[level]++;
    }
  }

  private void relate(int start, int end) {
    for (int index = start + 1; index < end; index++) {
      int block = references.block(index);
      int before = references.block(index - 1);
      parents[block] = before;
      children[before] = block;
    }
  }

  /** Brings every block of a request to the first tier, from the last to the first. */
  private void raise(int start, int end) {
    for (int index = end - 1; index >= start; index--) {
      int block = references.block(index);
      int level = levelOfBlock[block];
      if (level == 0) {
        continue;
      }
      if (level != ABSENT) {
        levels.get(level).remove(slotOfBlock[block]);
        levelOfBlock[block] = ABSENT;
      }
      enter(block, 0);
    }
  }

  private void enter(int block, int level) {
    Level tier = levels.get(level);
    int parent = parents[block];
    boolean hasParent = parent != ABSENT && parent != block && levelOfBlock[parent] == level;
    int slot = tier.insert(block, hasParent ? slotOfBlock[parent] : ABSENT);
    levelOfBlock[block] = (byte) level;
    slotOfBlock[block] = slot;
    int child = children[block];
    if (child != ABSENT
        && child != block
        && levelOfBlock[child] == level
        && parents[child] == block) {
      tier.policy.link(slotOfBlock[child], slot);
    }
  }

  private void overflow(int level) {
    Level from = levels.get(level);
    while (from.size > from.capacity) {
      int slot = from.policy.victim();
      int block = from.blocks[slot];
      from.evict(slot);
      if (level + 1 == levels.size()) {
        levelOfBlock[block] = ABSENT;
        continue;
      }
      levelOfBlock[block] = ABSENT;
      enter(block, level + 1);
      EvictionPolicy below = levels.get(level + 1).policy;
      below.touch(slotOfBlock[block]);
      below.offer(slotOfBlock[block]);
    }
  }

  /** One tier. */
  private final class Level {
    private final EvictionPolicy policy;
    private final int capacity;
    private int[] blocks;
    private int[] free;
    private int freeCount;
    private int granted;
    private int used;
    private int size;

    private Level(EvictionPolicy policy, int capacity) {
      this.policy = policy;
      this.capacity = capacity;
      this.granted = capacity;
      this.blocks = new int[capacity];
      this.free = new int[capacity];
    }

    /** Grows just before more blocks than ever may come, by no more than they need. */
    private void makeSlots(int coming) {
      int most =
          (int) Math.min(references.uniqueCount(), (long) capacity + references.longestRequest());
      int needed = Math.min(size + coming, most);
      if (needed > granted) {
        granted = needed;
        policy.grow(needed);
        if (needed > blocks.length) {
          blocks = Arrays.copyOf(blocks, needed + needed / 8);
          free = Arrays.copyOf(free, blocks.length);
        }
      }
    }

    private int insert(int block, int parent) {
      if (freeCount == 0 && used == granted) {
        makeSlots(1);
      }
      int slot = freeCount > 0 ? free[--freeCount] : used++;
      blocks[slot] = block;
      size++;
      policy.insert(slot, references.hash(block), parent, 0);
      return slot;
    }

    private void remove(int slot) {
      policy.remove(slot);
      release(slot);
    }

    private void evict(int slot) {
      policy.evicted(slot);
      release(slot);
    }

    private void release(int slot) {
      free[freeCount++] = slot;
      size--;
    }
  }
}
