package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AgeSpansTest {

  @Test
  void every_age_lies_in_the_span_between_whose_edges_it_is() {
    for (int capacity : new int[] {1, 3, 64, 1_000, 65_536, 1 << 24, Integer.MAX_VALUE}) {
      AgeSpans spans = new AgeSpans(capacity / 64.0, 8L * capacity);
      SplittableRandom random = new SplittableRandom(capacity);
      for (int i = 0; i < 20_000; i++) {
        long age = i < 1_000 ? i : random.nextLong() >>> random.nextInt(1, 64);
        int span = spans.of(age);
        assertThat(age).as("capacity %d", capacity).isGreaterThanOrEqualTo(spans.start(span));
        if (span < spans.count() - 1) {
          assertThat(age).as("capacity %d", capacity).isLessThan(spans.end(span));
        }
      }
    }
  }

  @Test
  void spans_follow_each_other_from_zero_to_the_last_which_is_open() {
    AgeSpans spans = new AgeSpans(10, 1_000);

    assertThat(spans.start(0)).isZero();
    assertThat(spans.start(1)).isEqualTo(10);
    for (int span = 1; span < spans.count(); span++) {
      assertThat(spans.start(span))
          .isEqualTo(spans.end(span - 1))
          .isGreaterThan(spans.start(span - 1));
    }
    assertThat(spans.start(spans.count() - 1)).isEqualTo(1_000);
    assertThat(spans.end(spans.count() - 1)).isGreaterThan(1L << 61);
    assertThat(spans.of(Long.MAX_VALUE)).isEqualTo(spans.count() - 1);
  }
}
