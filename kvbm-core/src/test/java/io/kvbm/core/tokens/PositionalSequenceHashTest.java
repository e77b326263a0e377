package io.kvbm.core.tokens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PositionalSequenceHashTest {

  private static final long BLOCK = Long.parseUnsignedLong("14643705804678351452");
  private static final long SEQUENCE = 4945711292740353085L;

  @ParameterizedTest
  @CsvSource({
    "255, 0, 54, 3ff8e4d7fb2dca5c44a2b2379d6d3c3d",
    "256, 1, 46, 404024d7fb2dca5c44a2b2379d6d3c3d",
    "65536, 2, 38, 80400017fb2dca5c44a2b2379d6d3c3d",
    "16777216, 3, 31, c08000007b2dca5c44a2b2379d6d3c3d",
    "2147483647, 3, 31, fffffffffb2dca5c44a2b2379d6d3c3d"
  })
  void packsByMode(long position, int mode, int bits, String bytes) {
    PositionalSequenceHash hash = PositionalSequenceHash.of(SEQUENCE, position, BLOCK);
    assertThat(HexFormat.of().formatHex(hash.toBytes())).isEqualTo(bytes);
    assertThat(hash.mode()).isEqualTo(mode);
    assertThat(hash.position()).isEqualTo((int) position);
    assertThat(hash.sequenceHash()).isEqualTo(SEQUENCE);
    assertThat(hash.blockHashFragment()).isEqualTo(BLOCK & (1L << bits) - 1);
    assertThat(PositionalSequenceHash.fromBytes(hash.toBytes())).isEqualTo(hash);
  }

  @Test
  void positionBeyond31BitsIsRefused() {
    assertThatThrownBy(() -> PositionalSequenceHash.of(1, 1L << 31, 2))
        .isInstanceOf(CallerException.class)
        .hasMessageContaining("2147483648");
    assertThatThrownBy(() -> PositionalSequenceHash.of(1, -1, 2))
        .isInstanceOf(CallerException.class);
  }

  @Test
  void bitsWithoutAMinimalModeAreRefused() {
    assertThatThrownBy(() -> new PositionalSequenceHash(3L << 62 | 5L << 31, 0))
        .isInstanceOf(CallerException.class);
    assertThatThrownBy(() -> PositionalSequenceHash.fromBytes(new byte[17]))
        .isInstanceOf(CallerException.class)
        .hasMessageContaining("17");
  }
}
