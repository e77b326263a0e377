package io.kvbm.api.spi;

import static io.kvbm.api.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizesTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "4096, 4096",
    "4096B, 4096",
    "64K, 65536",
    "64k, 65536",
    "64KiB, 65536",
    "64kib, 65536",
    "64Ki, 65536",
    "64KB, 64000",
    "1.5GiB, 1610612736",
    "2GB, 2000000000",
    "2G, 2147483648",
    "3M, 3145728",
    "1T, 1099511627776",
    "1TB, 1000000000000",
    "' 8 KiB ', 8192",
    "0.5K, 512",
    "8388607T, 9223370937343148032"
  })
  void readsUnits(String text, long expected) {
    assertThat(ByteSizes.parse(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "K",
        "-1",
        "+1",
        "1.",
        ".5",
        "1.5",
        "0.3K",
        "1e3",
        "5iB",
        "5I",
        "1 2",
        "1KK",
        "1PiB",
        "ten",
        "8388608T",
        "999999999999999999T",
        "9999999999999999999"
      })
  void refusesWhatIsNoWholeNumberOfBytes(String text) {
    assertRefused(ErrorCode.INVALID_CONFIG, () -> ByteSizes.parse(text))
        .hasMessageContaining("'" + text + "'");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0 B",
    "1023, 1023 B",
    "1024, 1.0 KiB",
    "1536, 1.5 KiB",
    "8388608000, 7.8 GiB",
    "107374182400, 100 GiB",
    "9223372036854775807, 8192 PiB"
  })
  void formatsForPeople(long bytes, String expected) {
    assertThat(ByteSizes.format(bytes)).isEqualTo(expected);
  }
}
