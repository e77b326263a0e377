package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class UseLogTest {

  @Test
  void the_latest_uses_are_kept_in_order_as_in_a_linked_map() {
    SplittableRandom seeds = new SplittableRandom();
    for (int round = 0; round < 30; round++) {
      agreesWithALinkedMap(seeds.nextLong());
    }
  }

  private static void agreesWithALinkedMap(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int limit = random.nextInt(1, 40);
    int keys = random.nextInt(1, 60); // fewer than the limit, or more
    UseLog log = new UseLog(limit);
    Map<Long, Long> model = new LinkedHashMap<>();
    for (long use = 1; use < 3_000; use++) {
      if (random.nextInt(8) == 0) {
        long oldest = log.oldest();
        assertThat(oldest)
            .as("seed %d", seed)
            .isEqualTo(model.isEmpty() ? UseLog.NONE : model.values().iterator().next());
        if (oldest != UseLog.NONE) {
          log.removeOldest();
          model.values().remove(oldest);
        }
      }
      long key = random.nextInt(keys);
      Long before = model.remove(key);
      assertThat(log.record(key, use))
          .as("seed %d", seed)
          .isEqualTo(before == null ? UseLog.NONE : before);
      if (before != null || model.size() < limit) {
        model.put(key, use);
      }
      assertThat(uses(log)).as("seed %d", seed).isEqualTo(new ArrayList<>(model.values()));
    }
  }

  private static List<Long> uses(UseLog log) {
    List<Long> found = new ArrayList<>();
    for (int place = 0; place < log.length(); place++) {
      if (log.at(place) != UseLog.NONE) {
        found.add(log.at(place));
      }
    }
    return found;
  }
}
