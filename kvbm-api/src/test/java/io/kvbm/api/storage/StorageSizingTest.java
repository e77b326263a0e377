package io.kvbm.api.storage;

import static io.kvbm.api.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.layout.LayoutConfig;
import org.junit.jupiter.api.Test;

class StorageSizingTest {

  @Test
  void isTheProductOfTheShape() {
    assertThat(StorageSizing.requiredBytes(32, 2, 16, 4096, 2, 1000)).isEqualTo(8_388_608_000L);
    assertThat(StorageSizing.requiredBytes(32, 2, 16, 4096, 2, 0)).isZero();
    assertThat(StorageSizing.requiredBytes(1, 1, 1, 1, 1, Long.MAX_VALUE))
        .isEqualTo(Long.MAX_VALUE);
    assertThat(LayoutConfig.builder().build().blockByteSize())
        .isEqualTo(StorageSizing.requiredBytes(32, 2, 16, 4096, 2, 1));
  }

  @Test
  void overflowAndNegativeFactorsAreRefused() {
    assertRefused(
            ErrorCode.INVALID_CONFIG,
            () -> StorageSizing.requiredBytes(2, 1, 1, 1, 1, Long.MAX_VALUE))
        .hasMessageContainingAll("2 layers", Long.toString(Long.MAX_VALUE), "2^63-1");
    assertRefused(
        ErrorCode.INVALID_CONFIG,
        () -> StorageSizing.requiredBytes(1L << 20, 1L << 20, 1L << 20, 1L << 20, 1L << 20, 16));
    assertRefused(ErrorCode.INVALID_CONFIG, () -> StorageSizing.requiredBytes(32, 2, 16, -4, 2, 1))
        .hasMessageContaining("-4");
  }
}
