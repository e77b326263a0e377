package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GhostListsTest {

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void remembersWhatALinkedSetWould(long seed) {
    Random random = new Random(seed);
    int limit = random.nextInt(200);
    GhostLists ghosts = new GhostLists(1, limit);
    Set<Long> expected = new LinkedHashSet<>();
    for (int step = 0; step < 20_000; step++) {
      long key = random.nextInt(300) * (seed % 2 == 0 ? 1L : 1L << 40);
      switch (random.nextInt(8)) {
        case 0 ->
            assertThat(ghosts.remove(key) == 0).as("seed %d", seed).isEqualTo(expected.remove(key));
        case 1 -> assertThat(ghosts.contains(key)).isEqualTo(expected.contains(key));
        case 2 -> {
          if (step % 100 == 0) {
            limit = random.nextInt(200);
            ghosts.limit(limit);
            trim(expected, limit);
          }
        }
        default -> {
          ghosts.add(0, key);
          expected.remove(key);
          expected.add(key);
          trim(expected, limit);
        }
      }
      assertThat(ghosts.size(0)).as("seed %d", seed).isEqualTo(expected.size());
    }
    for (long key : expected) {
      assertThat(ghosts.contains(key)).as("seed %d, key %d", seed, key).isTrue();
    }
    ghosts.trim(0, -1);
    assertThat(ghosts.size(0)).isZero();
  }

  @Test
  void a_key_is_in_the_list_it_was_put_into_last() {
    GhostLists ghosts = new GhostLists(2, 3);
    ghosts.add(0, 10);
    ghosts.add(0, 11);
    ghosts.add(1, 10);

    assertThat(ghosts.size(0)).isEqualTo(1);
    assertThat(ghosts.size(1)).isEqualTo(1);
    assertThat(ghosts.remove(10)).isEqualTo(1);
    assertThat(ghosts.remove(10)).isEqualTo(GhostLists.NONE);
    assertThat(ghosts.remove(11)).isZero();
  }

  @Test
  void each_list_forgets_its_own_oldest() {
    GhostLists ghosts = new GhostLists(2, 2);
    for (long key = 0; key < 4; key++) {
      ghosts.add(0, key);
      ghosts.add(1, 100 + key);
    }
    ghosts.trim(1, 1);

    assertThat(ghosts.contains(1)).isFalse();
    assertThat(ghosts.contains(2)).isTrue();
    assertThat(ghosts.contains(102)).isFalse();
    assertThat(ghosts.contains(103)).isTrue();
  }

  private static void trim(Set<Long> keys, int limit) {
    Iterator<Long> oldest = keys.iterator();
    while (keys.size() > limit) {
      oldest.next();
      oldest.remove();
    }
  }
}
