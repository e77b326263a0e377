package io.kvbm.core.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.ConfigurationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventFilterTest {

  @Test
  void case51_powerOfTwoAcceptsPowersFrom16To65536() {
    for (long position = 16; position <= 65_536; position *= 2) {
      assertThat(EventFilter.POWER_OF_TWO.accepts(position)).as("position %d", position).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 2, 4, 8, 15, 17, 31, 33, 100, 1000, 65_537, 131_072, 1L << 40, -16})
  void case51_powerOfTwoRejectsOthers(long position) {
    assertThat(EventFilter.POWER_OF_TWO.accepts(position)).isFalse();
    assertThat(EventFilter.ALL.accepts(position)).isTrue();
  }

  @Test
  void filtersAreFoundByName() {
    assertThat(EventFilter.of("all")).isEqualTo(EventFilter.ALL);
    assertThat(EventFilter.of("power-of-two")).isEqualTo(EventFilter.POWER_OF_TWO);
    assertThatExceptionOfType(ConfigurationException.class)
        .isThrownBy(() -> EventFilter.of("power"))
        .withMessageContaining("known: all, power-of-two");
  }
}
