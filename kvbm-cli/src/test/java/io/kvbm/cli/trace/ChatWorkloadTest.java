package io.kvbm.cli.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.CallerException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ChatWorkloadTest {

  private final Trace trace = new ChatWorkload(2000, 100, 42).generate();

  @Test
  void the_same_seed_gives_the_same_trace_and_another_one_another() {
    Trace same = new ChatWorkload(2000, 100, 42).generate();
    Trace other = new ChatWorkload(2000, 100, 43).generate();

    for (int i = 0; i < 2000; i++) {
      assertThat(same.hashes(i)).isEqualTo(trace.hashes(i));
      assertThat(same.timestampNanos(i)).isEqualTo(trace.timestampNanos(i));
    }
    assertThat(other.hashes(0)).isNotEqualTo(trace.hashes(0));
  }

  @Test
  void requests_arrive_in_order_and_none_is_empty() {
    assertThat(trace.requestCount()).isEqualTo(2000);
    for (int i = 1; i < 2000; i++) {
      assertThat(trace.timestampNanos(i)).isGreaterThanOrEqualTo(trace.timestampNanos(i - 1));
      assertThat(trace.blockCount(i)).isPositive();
    }
  }

  /** What an engine guarantees: the hash of a block stands for everything before it. */
  @Test
  void a_block_always_follows_the_same_block() {
    Map<Long, Long> before = new HashMap<>();
    for (int i = 0; i < trace.requestCount(); i++) {
      long previous = 0;
      for (long hash : trace.hashes(i)) {
        Long known = before.putIfAbsent(hash, previous);
        assertThat(known == null || known == previous).as("request %d", i).isTrue();
        previous = hash;
      }
    }
  }

  @Test
  void most_blocks_were_seen_before_and_prompts_are_shared() {
    Set<Long> seen = new HashSet<>();
    Map<Long, Integer> firstBlocks = new HashMap<>();
    long repeated = 0;
    for (int i = 0; i < trace.requestCount(); i++) {
      firstBlocks.merge(trace.hash(i, 0), 1, Integer::sum);
      for (long hash : trace.hashes(i)) {
        repeated += seen.add(hash) ? 0 : 1;
      }
    }

    assertThat((double) repeated / trace.blockCount()).isBetween(0.7, 0.98);
    assertThat(firstBlocks).hasSize(100 / 16);
    int mostPopular = firstBlocks.values().stream().mapToInt(Integer::intValue).max().orElseThrow();
    assertThat(mostPopular).isGreaterThan(2000 / 6);
  }

  @Test
  void a_workload_of_nothing_is_refused() {
    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(() -> new ChatWorkload(0, 1, 1))
        .withMessageContaining("requests, got 0");
    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(() -> new ChatWorkload(1, -1, 1))
        .withMessageContaining("conversations, got -1");
  }
}
