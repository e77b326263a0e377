package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class KeyTableTest {

  @Test
  void entries_are_found_as_in_a_map() {
    SplittableRandom seeds = new SplittableRandom();
    for (int round = 0; round < 30; round++) {
      agreesWithAMap(seeds.nextLong());
    }
  }

  private static void agreesWithAMap(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int entryCount = random.nextInt(1, 60);
    int shift = random.nextInt(50);
    KeyTable table = new KeyTable(entryCount);
    Map<Long, Integer> model = new HashMap<>();
    List<Integer> free = numbers(0, entryCount);
    for (int step = 0; step < 3_000; step++) {
      long key = (long) random.nextInt(80) << shift;
      Integer known = model.get(key);
      assertThat(table.find(key))
          .as("key %d, step %d, seed %d", key, step, seed)
          .isEqualTo(known == null ? KeyTable.NONE : known);
      switch (random.nextInt(10)) {
        case 0 -> {
          if (step % 50 == 0) {
            table.clear();
            model.clear();
            free = numbers(0, entryCount);
          }
        }
        case 1 -> {
          if (step % 500 == 0) {
            table.grow(entryCount + 20);
            free.addAll(numbers(entryCount, entryCount + 20));
            entryCount += 20;
          }
        }
        case 2, 3 -> {
          if (known != null && !free.isEmpty()) {
            int other = free.removeFirst();
            table.replace(known, other);
            model.put(key, other);
            free.add(known);
          }
        }
        case 4, 5, 6 -> {
          if (known != null) {
            table.remove(known);
            model.remove(key);
            free.add(known);
          }
        }
        default -> {
          if (known == null && !free.isEmpty()) {
            int entry = free.removeFirst();
            table.put(entry, key);
            model.put(key, entry);
          }
        }
      }
    }
    model.forEach((key, entry) -> assertThat(table.key(entry)).as("seed %d", seed).isEqualTo(key));
  }

  private static List<Integer> numbers(int from, int to) {
    List<Integer> all = new ArrayList<>();
    for (int number = from; number < to; number++) {
      all.add(number);
    }
    return all;
  }
}
