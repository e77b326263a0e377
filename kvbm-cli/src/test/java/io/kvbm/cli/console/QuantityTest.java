package io.kvbm.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuantityTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "7, 7",
    "0.5, 0.50",
    "999, 999",
    "999.7, 1.00 k",
    "1234, 1.23 k",
    "48100, 48.1 k",
    "999600, 1.00 M",
    "61984918, 62.0 M",
    "9.99e9, 9.99 G",
    "5e21, 5000 E"
  })
  void three_digits_and_a_prefix(double value, String text) {
    assertThat(Quantity.format(value)).isEqualTo(text);
  }
}
