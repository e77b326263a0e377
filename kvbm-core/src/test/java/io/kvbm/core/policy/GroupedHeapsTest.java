package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.policy.EvictionPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class GroupedHeapsTest {

  @Test
  void each_group_gives_its_oldest_as_sorted_maps_do() {
    SplittableRandom seeds = new SplittableRandom();
    for (int round = 0; round < 50; round++) {
      long seed = seeds.nextLong();
      agreesWithSortedMaps(seed);
    }
  }

  private static void agreesWithSortedMaps(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int groups = random.nextInt(1, 5);
    int capacity = random.nextInt(1, 40);
    GroupedHeaps heaps = new GroupedHeaps(groups, capacity);
    List<TreeMap<Long, Integer>> model = new ArrayList<>();
    for (int group = 0; group < groups; group++) {
      model.add(new TreeMap<>());
    }
    for (long order = 0; order < 2_000; order++) {
      if (order == 1_000) {
        capacity += 20;
        heaps.grow(capacity);
      }
      int slot = random.nextInt(capacity);
      if (heaps.contains(slot)) {
        heaps.remove(slot);
        model.forEach(group -> group.values().remove(slot));
      } else {
        int group = random.nextInt(groups);
        long scattered = order ^ random.nextInt(64) << 20; // old ones come late, too
        heaps.add(slot, group, scattered);
        model.get(group).put(scattered, slot);
        assertThat(heaps.order(slot)).isEqualTo(scattered);
      }
      for (int group = 0; group < groups; group++) {
        TreeMap<Long, Integer> expected = model.get(group);
        assertThat(heaps.first(group))
            .as("group %d, step %d, seed %d", group, order, seed)
            .isEqualTo(expected.isEmpty() ? EvictionPolicy.NONE : expected.firstEntry().getValue());
      }
      assertThat(heaps.size()).isEqualTo(model.stream().mapToInt(TreeMap::size).sum());
    }
  }
}
