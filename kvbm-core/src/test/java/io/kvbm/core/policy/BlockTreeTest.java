package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.policy.EvictionPolicy;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BlockTreeTest {

  private static final int NONE = EvictionPolicy.NONE;

  @Test
  void the_tree_is_that_of_a_map_of_parents() {
    SplittableRandom seeds = new SplittableRandom();
    for (int round = 0; round < 30; round++) {
      agreesWithAMap(seeds.nextLong());
    }
  }

  private static void agreesWithAMap(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int capacity = random.nextInt(2, 12);
    BlockTree tree = new BlockTree(capacity);
    Map<Integer, Integer> parents = new HashMap<>(); // of every resident block
    for (int step = 0; step < 2_000; step++) {
      if (step == 1_000) {
        capacity += 4;
        tree.grow(capacity);
      }
      int slot = random.nextInt(capacity);
      int other = random.nextInt(capacity);
      if (!parents.containsKey(slot)) {
        tree.enter(slot);
        parents.put(slot, NONE);
      } else if (random.nextInt(4) == 0) {
        int parent = parents.remove(slot);
        parents.replaceAll((_, above) -> above == slot ? NONE : above);
        assertThat(tree.leave(slot))
            .as("step %d, seed %d", step, seed)
            .isEqualTo(parents.containsValue(parent) ? NONE : parent);
      } else if (random.nextInt(4) == 0) {
        int parent = parents.put(slot, NONE);
        assertThat(tree.detach(slot))
            .as("step %d, seed %d", step, seed)
            .isEqualTo(parent != NONE && parents.containsValue(parent) ? NONE : parent);
      } else if (parents.containsKey(other)) {
        assertThat(tree.isBefore(slot, other))
            .as("step %d, seed %d", step, seed)
            .isEqualTo(isBefore(parents, slot, other));
        if (parents.get(slot) == NONE && !isBefore(parents, slot, other)) {
          tree.attach(slot, other);
          parents.put(slot, other);
        }
      }
      for (Map.Entry<Integer, Integer> block : parents.entrySet()) {
        assertThat(tree.parentOf(block.getKey()))
            .as("block %d, step %d, seed %d", block.getKey(), step, seed)
            .isEqualTo(block.getValue());
        assertThat(tree.isFollowed(block.getKey()))
            .as("block %d, step %d, seed %d", block.getKey(), step, seed)
            .isEqualTo(parents.containsValue(block.getKey()));
      }
    }
  }

  private static boolean isBefore(Map<Integer, Integer> parents, int slot, int other) {
    for (int at = other; at != NONE; at = parents.get(at)) {
      if (at == slot) {
        return true;
      }
    }
    return false;
  }
}
