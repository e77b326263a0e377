package io.kvbm.api.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DTypeTest {

  /** Position is persisted in layout descriptors: constants are only ever added at the end. */
  @ParameterizedTest
  @CsvSource({
    "0, FP16, 16",
    "1, FP32, 32",
    "2, BF16, 16",
    "3, FP8, 8",
    "4, INT4, 4",
    "5, INT8, 8",
    "6, INT16, 16",
    "7, INT32, 32",
    "8, INT64, 64"
  })
  void widthsAndPositionsAreStable(int position, DType dtype, int bits) {
    assertThat(DType.values()[position]).isEqualTo(dtype);
    assertThat(dtype.bits()).isEqualTo(bits);
    assertThat(dtype.byteSize(16)).isEqualTo(2L * bits);
  }

  @Test
  void halfBytesAreFilledUp() {
    assertThat(DType.INT4.byteSize(0)).isZero();
    assertThat(DType.INT4.byteSize(1)).isEqualTo(1);
    assertThat(DType.INT4.byteSize(2)).isEqualTo(1);
    assertThat(DType.INT4.byteSize(3)).isEqualTo(2);
    assertThatThrownBy(() -> DType.INT64.byteSize(Long.MAX_VALUE))
        .isInstanceOf(ArithmeticException.class);
  }
}
