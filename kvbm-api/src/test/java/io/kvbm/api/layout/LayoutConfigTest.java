package io.kvbm.api.layout;

import static io.kvbm.api.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LayoutConfigTest {

  @Test
  void defaultsAreThoseOfTheSpecification() {
    assertThat(LayoutConfig.builder().build())
        .isEqualTo(new LayoutConfig(1, 32, 2, 16, 4096, DType.FP16, 1));
  }

  @Test
  void largestShapeIsTaken() {
    LayoutConfig largest =
        LayoutConfig.builder()
            .numBlocks(Integer.MAX_VALUE)
            .numLayers(128)
            .outerDim(2)
            .pageSize(1024)
            .innerDim(32768)
            .dtype(DType.INT64)
            .alignment(1 << 30)
            .build();
    assertThat(largest.regionByteSize()).isEqualTo(1024L * 32768 * 8);
    assertThat(largest.blockByteSize()).isEqualTo(1024L * 32768 * 8 * 256);
    assertThat(largest.toBuilder().build()).isEqualTo(largest);
  }

  @Test
  void oneBeyondEachLimitIsRefusedNamingTheValue() {
    LayoutConfig.Builder builder = LayoutConfig.builder();
    assertRefused(ErrorCode.INVALID_CONFIG, () -> builder.pageSize(1025).build())
        .hasMessageContainingAll("pageSize", "1025", "1024");
    builder.pageSize(16);
    assertRefused(ErrorCode.INVALID_CONFIG, () -> builder.innerDim(32769).build())
        .hasMessageContainingAll("innerDim", "32769", "32768");
    builder.innerDim(1);
    assertRefused(ErrorCode.INVALID_CONFIG, () -> builder.numLayers(129).build())
        .hasMessageContainingAll("numLayers", "129", "128");
    builder.numLayers(1);
    assertRefused(ErrorCode.INVALID_CONFIG, () -> builder.outerDim(3).build())
        .hasMessageContainingAll("outerDim", "3");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1})
  void nothingBelowOneIsTaken(int bad) {
    String value = Integer.toString(bad);
    assertRefused(ErrorCode.INVALID_CONFIG, () -> LayoutConfig.builder().numBlocks(bad).build())
        .hasMessageContainingAll("numBlocks", value);
    assertRefused(ErrorCode.INVALID_CONFIG, () -> LayoutConfig.builder().numLayers(bad).build())
        .hasMessageContainingAll("numLayers", value);
    assertRefused(ErrorCode.INVALID_CONFIG, () -> LayoutConfig.builder().outerDim(bad).build())
        .hasMessageContainingAll("outerDim", value);
    assertRefused(ErrorCode.INVALID_CONFIG, () -> LayoutConfig.builder().pageSize(bad).build())
        .hasMessageContainingAll("pageSize", value);
    assertRefused(ErrorCode.INVALID_CONFIG, () -> LayoutConfig.builder().innerDim(bad).build())
        .hasMessageContainingAll("innerDim", value);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, 3, 4095, 1L << 31, Long.MIN_VALUE})
  void alignmentIsAPowerOfTwo(long alignment) {
    assertRefused(
            ErrorCode.INVALID_CONFIG, () -> LayoutConfig.builder().alignment(alignment).build())
        .hasMessageContaining(Long.toString(alignment));
  }

  @Test
  void regionOfHalfBytesIsFilledUp() {
    LayoutConfig config = new LayoutConfig(1, 3, 2, 3, 5, DType.INT4, 1);
    assertThat(config.regionByteSize()).isEqualTo(8);
    assertThat(config.blockByteSize()).isEqualTo(48);
  }
}
