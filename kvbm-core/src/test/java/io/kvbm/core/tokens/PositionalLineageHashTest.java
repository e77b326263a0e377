package io.kvbm.core.tokens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.hash.CacheSalt;
import io.kvbm.api.hash.TokenSpan;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PositionalLineageHashTest {

  private static final long ROOT = Long.parseUnsignedLong("14643705804678351452");
  private static final long SECOND_BLOCK = Long.parseUnsignedLong("16777012769546811212");
  private static final long SECOND = 4945711292740353085L;

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  @ParameterizedTest
  @CsvSource({
    "255, 0, 3fd128ac8de75b4f0f78e4d7fb2dca5c",
    "256, 1, 40401128ac8de75b4f0f64d7fb2dca5c",
    "65535, 1, 7fffd128ac8de75b4f0f64d7fb2dca5c",
    "65536, 2, 8040001128ac8de75b4f0f57fb2dca5c",
    "16777215, 2, bfffffd128ac8de75b4f0f57fb2dca5c"
  })
  void case03_modeSwitchesWithThePosition(int position, int mode, String bytes) {
    PositionalLineageHash hash = PositionalLineageHash.of(SECOND, ROOT, position);
    assertThat(hex(hash.toBytes())).isEqualTo(bytes);
    assertThat(hash.mode()).isEqualTo(mode);
    assertThat(hash.position()).isEqualTo(position);
    assertThat(hash.currentHash()).isEqualTo(SECOND);
    assertThat(hash.parentFragment()).isEqualTo(ROOT & (1L << 54 - 8 * mode) - 1);
  }

  @Test
  void case03_parentIsRecognisedAcrossAModeSwitch() {
    for (int position : new int[] {0, 254, 255, 256, 65534, 65535, 65536}) {
      PositionalLineageHash parent = PositionalLineageHash.of(ROOT, 1, position);
      PositionalLineageHash child = parent.extend(SECOND_BLOCK);
      assertThat(parent.isParentOf(child)).as("position %d", position).isTrue();
      assertThat(PositionalLineageHash.of(ROOT + 1, 1, position).isParentOf(child)).isFalse();
      assertThat(child.isParentOf(parent)).isFalse();
      assertThat(parent.isParentOf(child.extend(1))).as("one position too far").isFalse();
    }
  }

  @Test
  void case03_positionBeyond24BitsIsRefused() {
    assertThatThrownBy(() -> PositionalLineageHash.of(1, 2, 1 << 24))
        .isInstanceOf(CallerException.class)
        .hasMessageContaining("16777216");
    assertThatThrownBy(() -> PositionalLineageHash.of(1, 2, -1))
        .isInstanceOf(CallerException.class);
    PositionalLineageHash last = PositionalLineageHash.of(1, 2, (1 << 24) - 1);
    assertThatThrownBy(() -> last.extend(3)).isInstanceOf(CallerException.class);
    PositionalLineageScheme scheme = new PositionalLineageScheme();
    assertThatThrownBy(
            () -> scheme.next(0, last.toKey(), new TokenSpan(new int[4], 0, 4, 9, List.of())))
        .isInstanceOf(CallerException.class);
  }

  @Test
  void case04_extendingByHandGivesTheSequencesKeys() {
    TokenBlockSequence sequence =
        new TokenBlockSequence(4, CacheSalt.ofHash(1337), new PositionalLineageScheme());
    sequence.append(IntStream.rangeClosed(1, 12).toArray());
    PositionalLineageHash root = PositionalLineageHash.root(ROOT);
    PositionalLineageHash second = root.extend(SECOND_BLOCK);
    PositionalLineageHash third = second.extend(483935686894639516L);
    assertThat(sequence.keys()).containsExactly(root.toKey(), second.toKey(), third.toKey());
    assertThat(second.currentHash()).isEqualTo(SECOND);
    assertThat(hex(second.toBytes())).isEqualTo("005128ac8de75b4f0f78e4d7fb2dca5c");
    assertThat(root.parentFragment()).isZero();
  }

  @Test
  void case06_sortsByPositionThenCurrentHashThenAllBits() {
    List<PositionalLineageHash> ordered =
        List.of(
            PositionalLineageHash.of(5, 1, 0),
            PositionalLineageHash.of(5, 2, 0),
            PositionalLineageHash.of(-1, 0, 0),
            PositionalLineageHash.of(3, 0, 1),
            PositionalLineageHash.of(-2, 0, 255),
            PositionalLineageHash.of(0, 0, 256),
            PositionalLineageHash.of(0, 7, 65536));
    List<PositionalLineageHash> shuffled = new ArrayList<>(ordered);
    long seed = System.nanoTime();
    Collections.shuffle(shuffled, new Random(seed));
    Collections.sort(shuffled);
    assertThat(shuffled).as("seed %d", seed).isEqualTo(ordered);
  }

  @Test
  void case06_binaryFormRoundTrips() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 2000; i++) {
      int position = random.nextInt(1 << 24) >>> random.nextInt(25);
      PositionalLineageHash hash =
          PositionalLineageHash.of(random.nextLong(), random.nextLong(), position);
      assertThat(PositionalLineageHash.fromBytes(hash.toBytes()))
          .as("seed %d", seed)
          .isEqualTo(hash);
      assertThat(PositionalLineageHash.of(hash.toKey())).isEqualTo(hash);
      assertThat(hash.position()).as("seed %d", seed).isEqualTo(position);
    }
  }

  @Test
  void bitsWithoutAMinimalModeAreRefused() {
    assertThatThrownBy(() -> new PositionalLineageHash(3L << 62, 0))
        .as("mode 3")
        .isInstanceOf(CallerException.class);
    assertThatThrownBy(() -> new PositionalLineageHash(1L << 62 | 255L << 46, 0))
        .as("position 255 in mode 1")
        .isInstanceOf(CallerException.class);
    assertThatThrownBy(() -> PositionalLineageHash.of(new BlockKey(-1, -1)))
        .isInstanceOf(CallerException.class);
    assertThatThrownBy(() -> PositionalLineageHash.fromBytes(new byte[15]))
        .isInstanceOf(CallerException.class)
        .hasMessageContaining("15");
  }

  @Test
  void textIsPositionAndBase58() {
    PositionalLineageHash root = PositionalLineageHash.root(ROOT);
    assertThat(root).hasToString("0:azWbh91idkf");
    assertThat(root.extend(SECOND_BLOCK)).hasToString("1:CUrLYDFnmBa:13A3sGnbCSf");
    assertThat(Base58.encode(0)).isEqualTo("11111111");
    assertThat(Base58.encode(1)).isEqualTo("11111112");
    assertThat(Base58.encode(255)).isEqualTo("11111115Q");
    assertThat(Base58.encode(256)).isEqualTo("1111115R");
    assertThat(Base58.encode(-1)).isEqualTo("jpXCZedGfVQ");
  }

  @Test
  void packingAgreesWithArithmeticOn128Bits() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 500; i++) {
      long current = random.nextLong();
      long parent = random.nextLong();
      int position = random.nextInt(1 << 24) >>> random.nextInt(25);
      int mode = position < 256 ? 0 : position < 65536 ? 1 : 2;
      int bits = 54 - 8 * mode;
      BigInteger expected =
          BigInteger.valueOf(mode)
              .shiftLeft(126)
              .or(BigInteger.valueOf(position).shiftLeft(64 + bits))
              .or(new BigInteger(Long.toUnsignedString(current)).shiftLeft(bits))
              .or(BigInteger.valueOf(parent & (1L << bits) - 1));
      PositionalLineageHash hash = PositionalLineageHash.of(current, parent, position);
      assertThat(new BigInteger(1, hash.toBytes())).as("seed %d", seed).isEqualTo(expected);
    }
  }
}
