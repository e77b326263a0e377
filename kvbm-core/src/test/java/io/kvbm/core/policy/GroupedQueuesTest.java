package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.policy.EvictionPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class GroupedQueuesTest {

  @Test
  void each_group_gives_its_oldest_as_sorted_maps_do() {
    SplittableRandom seeds = new SplittableRandom();
    for (int round = 0; round < 50; round++) {
      agreesWithSortedMaps(seeds.nextLong());
    }
  }

  private static void agreesWithSortedMaps(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int groups = random.nextInt(1, 5);
    int capacity = random.nextInt(1, 40);
    GroupedQueues queues = new GroupedQueues(groups, capacity);
    List<TreeMap<Long, Integer>> model = new ArrayList<>();
    for (int group = 0; group < groups; group++) {
      model.add(new TreeMap<>());
    }
    for (long step = 0; step < 2_000; step++) {
      if (step == 1_000) {
        capacity += 20;
        queues.grow(capacity);
      }
      int slot = random.nextInt(capacity);
      int group = random.nextInt(groups);
      long order =
          switch (random.nextInt(4)) {
            case 0 -> 10_000 - step; // older than all
            case 1 -> 10_000 + (step ^ random.nextInt(64) << 20); // anywhere
            default -> (1L << 40) + step; // the newest
          };
      if (!queues.contains(slot)) {
        queues.add(slot, group, order);
        model.get(group).put(order, slot);
        assertThat(queues.order(slot)).isEqualTo(order);
      } else {
        model.forEach(map -> map.values().remove(slot));
        if (random.nextBoolean()) {
          queues.move(slot, group, order);
          model.get(group).put(order, slot);
        } else {
          queues.remove(slot);
        }
      }
      long occupied = 0;
      for (int i = 0; i < groups; i++) {
        TreeMap<Long, Integer> expected = model.get(i);
        occupied |= expected.isEmpty() ? 0 : 1L << i;
        assertThat(queues.first(i))
            .as("group %d, step %d, seed %d", i, step, seed)
            .isEqualTo(expected.isEmpty() ? EvictionPolicy.NONE : expected.firstEntry().getValue());
      }
      assertThat(queues.occupied()).as("step %d, seed %d", step, seed).isEqualTo(occupied);
    }
  }
}
