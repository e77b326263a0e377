package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AgeingCountersTest {

  /** Counters that are halved at once. */
  private static int[][] halved(int[][] counters) {
    for (int[] word : counters) {
      for (int i = 0; i < word.length; i++) {
        word[i] /= 2;
      }
    }
    return counters;
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 8, 64, 256})
  void counters_are_at_every_moment_as_if_all_had_been_halved_at_once(int wordCount) {
    long seed = ThreadLocalRandom.current().nextLong();
    SplittableRandom random = new SplittableRandom(seed);
    AgeingCounters counters = new AgeingCounters(wordCount);
    int[][] model = new int[wordCount][AgeingCounters.PER_WORD];
    for (int step = 0; step < 10_000; step++) {
      int word = random.nextInt(wordCount);
      int counter = random.nextInt(AgeingCounters.PER_WORD);
      int action = random.nextInt(100);
      if (action == 0 || action == 1 && random.nextInt(wordCount) == 0) {
        counters.age();
        model = halved(model);
      } else if (action < 20) {
        counters.ageSome();
      } else {
        counters.increment(word, 4 * counter);
        model[word][counter] = Math.min(AgeingCounters.MAX, model[word][counter] + 1);
      }
      int other = random.nextInt(wordCount);
      assertThat(unpacked(counters.word(other)))
          .as("%d words, step %d, seed %d", wordCount, step, seed)
          .isEqualTo(model[other]);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1 << 10, 1 << 14})
  void an_ageing_is_spread_over_the_uses_that_follow(int wordCount) {
    FrequencySketch sketch = new FrequencySketch(2 * wordCount);
    AgeingCounters counters = sketch.counters();
    sketch.age();
    assertThat(counters.lateCount()).isEqualTo(wordCount);
    int before = wordCount;
    while (counters.lateCount() > 0) {
      sketch.increment(before);
      assertThat(before - counters.lateCount()).isBetween(1, AgeingCounters.STEP + 4);
      before = counters.lateCount();
    }
  }

  private static int[] unpacked(long word) {
    int[] counters = new int[AgeingCounters.PER_WORD];
    for (int i = 0; i < counters.length; i++) {
      counters[i] = (int) (word >>> 4 * i) & AgeingCounters.MAX;
    }
    return counters;
  }
}
