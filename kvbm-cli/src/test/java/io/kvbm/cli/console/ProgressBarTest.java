package io.kvbm.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressBarTest {

  private static final String WIPE = "\r\u001b[K";

  private final List<String> drawn = new ArrayList<>();
  private long nanos = 1;

  private ProgressBar bar(long total) {
    return new ProgressBar("copying", "blocks", total, () -> nanos, drawn::add);
  }

  @Test
  void shows_share_rate_and_time_left() {
    try (ProgressBar bar = bar(400)) {
      nanos += 2_000_000_000L;
      bar.advance(100);

      assertThat(drawn)
          .containsExactly(
              WIPE + "copying [######..................]  25%  50 blocks/s  0:06 left");
    }
  }

  @Test
  void is_drawn_at_most_ten_times_a_second() {
    try (ProgressBar bar = bar(1000)) {
      for (int i = 0; i < 1000; i++) {
        nanos += 1_000_000L;
        bar.advance(1);
      }
    }

    assertThat(drawn).hasSize(10 + 1).last().isEqualTo(WIPE);
  }

  @Test
  void is_never_wiped_where_it_was_never_drawn() {
    try (ProgressBar bar = bar(10)) {
      bar.advance(10);
    }

    assertThat(drawn).isEmpty();
  }

  @Test
  void stays_away_once_closed() {
    ProgressBar bar = bar(10);
    bar.close();
    nanos += 1_000_000_000L;
    bar.advance(1);

    assertThat(drawn).isEmpty();
  }

  @Test
  void more_than_the_total_is_the_total() {
    try (ProgressBar bar = bar(10)) {
      nanos += 1_000_000_000L;
      bar.advance(30);

      assertThat(drawn).singleElement().asString().contains("100%").endsWith("0:00 left");
    }
  }

  @Test
  void a_cleared_bar_comes_back_with_the_next_advance() {
    try (ProgressBar bar = bar(10)) {
      nanos += 1_000_000_000L;
      bar.advance(1);
      bar.clear();
      nanos += 1_000_000_000L;
      bar.advance(1);

      assertThat(drawn).hasSize(3);
      assertThat(drawn.get(1)).isEqualTo(WIPE);
      assertThat(drawn.get(2)).contains("20%");
    }
  }

  @Test
  void nothing_is_drawn_where_nobody_looks() {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Console console = new Console(new ByteArrayOutputStream(), err, StandardCharsets.UTF_8, false);
    try (ProgressBar bar = console.progress("copying", "blocks", 10)) {
      bar.advance(10);
    }

    assertThat(err.size()).isZero();
  }
}
