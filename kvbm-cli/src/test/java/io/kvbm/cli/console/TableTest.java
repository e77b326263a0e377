package io.kvbm.cli.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.CallerException;
import org.junit.jupiter.api.Test;

class TableTest {

  @Test
  void columns_line_up_and_numbers_are_flush_right() {
    Table table = new Table("policy", ">hits").row("lru", "12").row("priority", "12345");

    assertThat(table.lines())
        .containsExactly(
            "policy     hits", "--------  -----", "lru          12", "priority  12345");
  }

  @Test
  void a_table_without_rows_shows_its_header() {
    assertThat(new Table("a", "b").lines()).containsExactly("a  b", "-  -");
  }

  @Test
  void a_row_of_another_length_is_refused() {
    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(() -> new Table("a", "b").row("1"))
        .withMessageContaining("1 cells");
  }
}
