package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GhostListTest {

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void remembersWhatALinkedSetWould(long seed) {
    Random random = new Random(seed);
    int limit = random.nextInt(200);
    GhostList ghosts = new GhostList(limit);
    Set<Long> expected = new LinkedHashSet<>();
    for (int step = 0; step < 20_000; step++) {
      long key = random.nextInt(300) * (seed % 2 == 0 ? 1L : 1L << 40);
      switch (random.nextInt(8)) {
        case 0 ->
            assertThat(ghosts.remove(key)).as("seed %d", seed).isEqualTo(expected.remove(key));
        case 1 -> assertThat(ghosts.contains(key)).isEqualTo(expected.contains(key));
        case 2 -> {
          if (step % 100 == 0) {
            limit = random.nextInt(200);
            ghosts.limit(limit);
            trim(expected, limit);
          }
        }
        default -> {
          ghosts.add(key);
          expected.remove(key);
          expected.add(key);
          trim(expected, limit);
        }
      }
      assertThat(ghosts.size()).as("seed %d", seed).isEqualTo(expected.size());
    }
    for (long key : expected) {
      assertThat(ghosts.contains(key)).as("seed %d, key %d", seed, key).isTrue();
    }
    ghosts.trim(-1);
    assertThat(ghosts.size()).isZero();
  }

  private static void trim(Set<Long> keys, int limit) {
    Iterator<Long> oldest = keys.iterator();
    while (keys.size() > limit) {
      oldest.next();
      oldest.remove();
    }
  }
}
