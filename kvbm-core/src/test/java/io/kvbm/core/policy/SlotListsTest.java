package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SlotListsTest {

  @Test
  void lists_agree_with_deques() {
    SplittableRandom seeds = new SplittableRandom();
    for (int round = 0; round < 30; round++) {
      agreesWithDeques(seeds.nextLong());
    }
  }

  private static void agreesWithDeques(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int capacity = random.nextInt(1, 20);
    SlotLists lists = new SlotLists(3, capacity);
    List<Deque<Integer>> model =
        new ArrayList<>(List.of(new ArrayDeque<>(), new ArrayDeque<>(), new ArrayDeque<>()));
    for (int step = 0; step < 2_000; step++) {
      if (step == 1_000) {
        capacity += 5;
        lists.grow(capacity);
        lists.grow(1); // changes nothing
        assertThat(lists.capacity()).isEqualTo(capacity);
      }
      int slot = random.nextInt(capacity);
      int list = random.nextInt(3);
      if (lists.listOf(slot) == SlotLists.NONE) {
        if (random.nextBoolean()) {
          lists.append(list, slot);
          model.get(list).addLast(slot);
        } else {
          lists.prepend(list, slot);
          model.get(list).addFirst(slot);
        }
      } else {
        model.forEach(deque -> deque.remove(slot));
        if (random.nextBoolean()) {
          lists.moveToEnd(list, slot);
          model.get(list).addLast(slot);
        } else {
          lists.remove(slot);
        }
      }
      for (int i = 0; i < 3; i++) {
        Deque<Integer> expected = model.get(i);
        assertThat(List.of(lists.size(i), lists.first(i), lists.last(i)))
            .as("list %d, step %d, seed %d", i, step, seed)
            .isEqualTo(
                List.of(
                    expected.size(),
                    expected.isEmpty() ? SlotLists.NONE : expected.getFirst(),
                    expected.isEmpty() ? SlotLists.NONE : expected.getLast()));
      }
    }
  }
}
