package io.kvbm.core.tokens;

import static org.assertj.core.api.Assertions.assertThat;

import com.dynatrace.hash4j.hashing.Hashing;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.hash.CacheSalt;
import io.kvbm.api.hash.HashScheme;
import io.kvbm.api.hash.TokenSpan;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class Xxh3HashSchemeTest {

  private static final HashScheme V2 = new Xxh3HashScheme();
  private static final HashScheme V1 = new Xxh3V1HashScheme();

  static List<HashScheme> schemes() {
    return HashSchemes.builtIn();
  }

  private static TokenSpan span(int position, int... tokens) {
    return new TokenSpan(tokens, 0, tokens.length, position, List.of());
  }

  private static int[] range(int from, int to) {
    return IntStream.rangeClosed(from, to).toArray();
  }

  private static String unsigned(HashScheme scheme, BlockKey key) {
    return scheme.sequenceHash(key).toString();
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void case01_knownAnswersWithSalt1337(HashScheme scheme) {
    assertThat(unsigned(scheme, scheme.first(1337, span(0, 1, 2, 3, 4))))
        .isEqualTo("14643705804678351452");
    assertThat(unsigned(scheme, scheme.first(1337, span(0, 5, 6, 7, 8))))
        .as("block hash of the second block")
        .isEqualTo("16777012769546811212");
    assertThat(unsigned(scheme, scheme.first(1337, span(0, 9, 10, 11, 12))))
        .as("block hash of the third block")
        .isEqualTo("483935686894639516");

    // At salt 1337 both chains have the same seed, so the generations agree.
    TokenBlockSequence sequence = new TokenBlockSequence(4, CacheSalt.ofHash(1337), scheme);
    assertThat(sequence.append(range(1, 12))).isEqualTo(3);
    assertThat(sequence.blocks())
        .extracting(block -> block.sequenceHash().toString())
        .containsExactly("14643705804678351452", "4945711292740353085", "12583592247330656132");
  }

  @Test
  void saltZeroTellsTheTwoChainsApart() {
    BlockKey v2 = V2.first(0, span(0, 1, 2, 3, 4));
    BlockKey v1 = V1.first(0, span(0, 1, 2, 3, 4));
    assertThat(unsigned(V2, v2)).isEqualTo("8052976908588476977");
    assertThat(v1).isEqualTo(v2);
    assertThat(unsigned(V2, V2.first(0, span(0, 5, 6, 7, 8)))).isEqualTo("13852901005659965728");
    assertThat(unsigned(V2, V2.next(0, v2, span(1, 5, 6, 7, 8)))).isEqualTo("17538018756801271241");
    assertThat(unsigned(V1, V1.next(0, v1, span(1, 5, 6, 7, 8)))).isEqualTo("4185132130981121146");
  }

  @ParameterizedTest
  @CsvSource({
    "1, 14325386350854113765",
    "2, 10766874394056898380",
    "4, 15896372616865172010",
    "8, 12946131716533033443",
    "16, 15663093270436570756",
    "32, 9391345600277283205",
    "64, 1567427900782918845",
    "128, 8042111946690273407",
    "256, 910123224071284720",
    "512, 2725192141592536285",
    "1024, 11562597870701798302"
  })
  void everyBlockSizeHasItsKnownAnswer(int blockSize, String expected) {
    int[] tokens = IntStream.range(0, blockSize).map(i -> i * (int) 2654435761L).toArray();
    assertThat(unsigned(V2, V2.first(42, span(0, tokens)))).isEqualTo(expected);
  }

  @Test
  void case02_tokensHashAsTheirLittleEndianBytes() {
    for (int blockSize = 1; blockSize <= 1024; blockSize *= 2) {
      int[] tokens = IntStream.range(0, blockSize).map(i -> i * 0x9E3779B9).toArray();
      ByteBuffer bytes =
          ByteBuffer.allocate(Integer.BYTES * blockSize).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asIntBuffer().put(tokens);
      assertThat(V2.first(7, span(0, tokens)).lo())
          .as("block size %d", blockSize)
          .isEqualTo(Hashing.xxh3_64(7).hashBytesToLong(bytes.array()));
      assertThat(V2.first(7, span(0, tokens)).hi())
          .as("block size %d", blockSize)
          .isEqualTo(Hashing.komihash5_0(7).hashBytesToLong(bytes.array()));
    }
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void aSpanInALargerArrayHashesLikeAnArrayOfItsOwn(HashScheme scheme) {
    int[] all = range(100, 200);
    assertThat(scheme.first(5, new TokenSpan(all, 17, 16, 0, List.of())))
        .isEqualTo(scheme.first(5, span(0, range(117, 132))));
  }

  @Test
  void unalignedReadsGiveTheSameBytes() {
    int[] tokens = {0x04030201, 0x08070605, 0x0C0B0A09, 0x800F0E0D};
    TokenBytes access = TokenBytes.LITTLE_ENDIAN;
    for (int index = 0; index < 8; index++) {
      long expected = 0;
      for (int i = 7; i >= 0; i--) {
        expected = expected << 8 | access.getByte(tokens, index + i) & 0xFF;
      }
      assertThat(access.getLong(tokens, index)).as("long at %d", index).isEqualTo(expected);
      assertThat(access.getInt(tokens, index)).as("int at %d", index).isEqualTo((int) expected);
    }
    assertThat(access.getByte(tokens, 15)).isEqualTo((byte) 0x80);
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void saltsComeToTheirKnownSeeds(HashScheme scheme) {
    assertThat(scheme.saltHash(CacheSalt.NONE)).isEqualTo(1337);
    assertThat(scheme.saltHash(CacheSalt.of("", ""))).isEqualTo(1337);
    assertThat(scheme.saltHash(CacheSalt.ofHash(0))).isZero();
    assertThat(scheme.saltHash(CacheSalt.of("tenant-a", ""))).isEqualTo(1948188790972764086L);
    assertThat(scheme.saltHash(CacheSalt.of("", "lora-\u00e4"))).isEqualTo(2762733244335872612L);
    assertThat(scheme.saltHash(CacheSalt.of("tenant-a", "lora-\u00e4")))
        .isEqualTo(4710922035308635361L);
  }

  @Test
  void digestDiffersWhereSaltParentOrTokensDiffer() {
    for (HashScheme scheme : List.of(V1, V2)) {
      BlockKey base = scheme.first(1, span(0, 1, 2, 3, 4));
      assertThat(scheme.first(2, span(0, 1, 2, 3, 4)).hi()).isNotEqualTo(base.hi());
      assertThat(scheme.first(1, span(0, 1, 2, 3, 5)).hi()).isNotEqualTo(base.hi());
      BlockKey child = scheme.next(1, base, span(1, 9, 9, 9, 9));
      assertThat(child.hi()).isNotEqualTo(scheme.first(1, span(0, 9, 9, 9, 9)).hi());
    }
  }

  @Test
  void parentsThatCollideInOneHalfHaveChildrenThatDifferInTheOther() {
    for (HashScheme scheme : List.of(V1, V2)) {
      BlockKey parent = new BlockKey(11, 22);
      BlockKey child = scheme.next(1, parent, span(1, 1, 2, 3, 4));
      BlockKey sameLo = scheme.next(1, new BlockKey(12, 22), span(1, 1, 2, 3, 4));
      assertThat(sameLo.lo()).as("a collision of sequence hashes stays one").isEqualTo(child.lo());
      assertThat(sameLo.hi()).as("the digest tells them apart").isNotEqualTo(child.hi());
      BlockKey sameHi = scheme.next(1, new BlockKey(11, 23), span(1, 1, 2, 3, 4));
      assertThat(sameHi.lo()).isNotEqualTo(child.lo());
      assertThat(sameHi.hi()).as("the digest hears of both halves").isNotEqualTo(child.hi());
    }
  }

  @Test
  void halvesOfAKeyAreUnrelated() {
    int differentBits = 0;
    int samples = 4096;
    for (int i = 0; i < samples; i++) {
      BlockKey key = V2.first(1337, span(0, i, i + 1, i + 2, i + 3));
      differentBits += Long.bitCount(key.hi() ^ key.lo());
    }
    // Independent halves differ in 32 of 64 bits on average; 0.5 is ten standard deviations.
    assertThat((double) differentBits / samples).isBetween(31.5, 32.5);
  }

  @Test
  void manySaltsAtOnceFromManyThreadsGiveTheSameKeys() throws Exception {
    int salts = 500;
    List<BlockKey> expected = new ArrayList<>();
    for (int salt = 0; salt < salts; salt++) {
      expected.add(new Xxh3HashScheme().first(salt, span(0, 1, 2, 3, 4)));
    }
    assertThat(expected).doesNotHaveDuplicates();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      Callable<List<BlockKey>> all =
          () ->
              IntStream.range(0, salts)
                  .mapToObj(salt -> V2.first(salt, span(0, 1, 2, 3, 4)))
                  .toList();
      for (Future<List<BlockKey>> result : threads.invokeAll(List.of(all, all, all, all))) {
        assertThat(result.get()).isEqualTo(expected);
      }
    }
  }
}
