package io.kvbm.core.tokens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.hash.CacheSalt;
import io.kvbm.api.hash.HashScheme;
import io.kvbm.api.hash.TokenSpan;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenBlockSequenceTest {

  private static final HashScheme V2 = new Xxh3HashScheme();

  static List<HashScheme> schemes() {
    return HashSchemes.builtIn();
  }

  private static int[] range(int from, int to) {
    return IntStream.rangeClosed(from, to).toArray();
  }

  private static TokenBlockSequence of(int blockSize, CacheSalt salt, int... tokens) {
    TokenBlockSequence sequence = new TokenBlockSequence(blockSize, salt, V2);
    sequence.append(tokens);
    return sequence;
  }

  private static TokenBlockSequence tenTokens() {
    return of(4, CacheSalt.ofHash(1337), range(1, 10));
  }

  private static void assertState(
      TokenBlockSequence sequence, int blocks, int[] partial, long lastHash) {
    assertThat(sequence.blocks()).hasSize(blocks);
    assertThat(sequence.partial()).isEqualTo(partial);
    assertThat(sequence.size()).isEqualTo(4 * blocks + partial.length);
    assertThat(sequence.blocks().getLast().sequenceHash().value()).isEqualTo(lastHash);
  }

  @Test
  void case05_truncateAcrossTheEdge() {
    long second = 4945711292740353085L;
    TokenBlockSequence sequence = tenTokens();
    sequence.truncate(9);
    assertState(sequence, 2, new int[] {9}, second);
    sequence.truncate(8);
    assertState(sequence, 2, new int[] {}, second);
    sequence.truncate(7);
    assertState(sequence, 1, new int[] {5, 6, 7}, Long.parseUnsignedLong("14643705804678351452"));
    sequence.append(8);
    assertState(sequence, 2, new int[] {}, second);
    sequence.truncate(0);
    assertThat(sequence.blocks()).isEmpty();
    assertThat(sequence.partial()).isEmpty();
  }

  @Test
  void case05_unwindAndPopAcrossTheEdge() {
    TokenBlockSequence sequence = tenTokens();
    sequence.unwind(3);
    assertThat(sequence.keys()).isEqualTo(of(4, CacheSalt.ofHash(1337), range(1, 7)).keys());
    assertThat(sequence.partial()).containsExactly(5, 6, 7);

    TokenBlockSequence popped = tenTokens();
    for (int expected = 10; expected >= 1; expected--) {
      assertThat(popped.pop()).isEqualTo(expected);
      assertThat(popped.size()).isEqualTo(expected - 1);
      assertThat(popped.blocks()).hasSize((expected - 1) / 4);
    }
    assertThat(popped.tryPop()).isEmpty();
    assertThatThrownBy(popped::pop).isInstanceOf(CallerException.class);
  }

  @Test
  void popWorksForBlocksOfOneToken() {
    TokenBlockSequence sequence = of(1, CacheSalt.NONE, 7, 8);
    assertThat(sequence.pop()).isEqualTo(8);
    assertThat(sequence.pop()).isEqualTo(7);
    assertThat(sequence.blocks()).isEmpty();
  }

  @Test
  void case05_keepingOrDroppingMoreThanThereIsChangesNothing() {
    TokenBlockSequence sequence = tenTokens();
    for (int bad : new int[] {-1, 11}) {
      assertThatThrownBy(() -> sequence.truncate(bad)).isInstanceOf(CallerException.class);
      assertThatThrownBy(() -> sequence.unwind(bad)).isInstanceOf(CallerException.class);
    }
    assertThat(sequence.tokens()).isEqualTo(range(1, 10));
  }

  @Test
  void case08_loraChangeDivergesAtTheFirstBlock() {
    List<BlockKey> plain = of(4, CacheSalt.NONE, range(1, 8)).keys();
    List<BlockKey> adapted = of(4, CacheSalt.of("", "adapter"), range(1, 8)).keys();
    List<BlockKey> salted = of(4, CacheSalt.of("adapter", ""), range(1, 8)).keys();
    for (int block = 0; block < 2; block++) {
      assertThat(List.of(plain.get(block), adapted.get(block), salted.get(block)))
          .doesNotHaveDuplicates();
    }
    assertThat(of(4, CacheSalt.of("", ""), range(1, 8)).keys())
        .as("empty is none")
        .isEqualTo(plain);
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void case08_appendingKeepsThePrefixAndTheTailIsNeverHashed(HashScheme scheme) {
    TokenBlockSequence sequence = new TokenBlockSequence(4, CacheSalt.NONE, scheme);
    assertThat(sequence.append(range(1, 7))).isEqualTo(1);
    List<BlockKey> before = sequence.keys();
    assertThat(before).hasSize(1);
    assertThat(sequence.append(8)).isEqualTo(1);
    assertThat(sequence.keys()).startsWith(before.getFirst()).hasSize(2);
    assertThat(sequence.append(9, 10, 11)).isZero();
    assertThat(sequence.keys()).hasSize(2);
    assertThat(sequence.append()).isZero();
  }

  @Test
  void blocksKnowTheirPlace() {
    TokenBlockSequence sequence = tenTokens();
    TokenBlock first = sequence.blocks().getFirst();
    TokenBlock second = sequence.blocks().getLast();
    assertThat(first.parentKey()).isEmpty();
    assertThat(second.parentKey()).contains(first.key());
    assertThat(second.position()).isEqualTo(1);
    assertThat(second.saltHash()).isEqualTo(1337).isEqualTo(sequence.saltHash());
    assertThat(second.tokens()).containsExactly(5, 6, 7, 8);
    assertThat(second.sequenceHash().value()).isEqualTo(second.key().lo());
    second.tokens()[0] = 99;
    assertThat(second.tokens()).as("a copy is given out").containsExactly(5, 6, 7, 8);
    assertThat(second).isEqualTo(tenTokens().blocks().getLast()).isNotEqualTo(first);
  }

  @Test
  void truncatingDoesNotChangeBlocksGivenOut() {
    TokenBlockSequence sequence = tenTokens();
    TokenBlock second = sequence.blocks().getLast();
    sequence.truncate(5);
    sequence.append(100, 101, 102);
    assertThat(second.tokens()).containsExactly(5, 6, 7, 8);
    assertThat(sequence.blocks().getLast().tokens()).containsExactly(5, 100, 101, 102);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -4, 3, 12, 2048, Integer.MIN_VALUE})
  void blockSizeMustBeAPowerOfTwoUpTo1024(int blockSize) {
    assertThatThrownBy(() -> new TokenBlockSequence(blockSize, CacheSalt.NONE, V2))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(Integer.toString(blockSize));
  }

  @Test
  void schemeThatFailsLeavesTheSequenceAsItWas() {
    HashScheme upToTwoBlocks =
        new HashScheme() {
          @Override
          public String name() {
            return "up-to-two";
          }

          @Override
          public long saltHash(CacheSalt salt) {
            return 0;
          }

          @Override
          public BlockKey first(long saltHash, TokenSpan block) {
            return V2.first(saltHash, block);
          }

          @Override
          public BlockKey next(long saltHash, BlockKey parent, TokenSpan block) {
            if (block.position() > 1) {
              throw new CallerException(ErrorCode.INVALID_ARGUMENT, "too long");
            }
            return V2.next(saltHash, parent, block);
          }
        };
    TokenBlockSequence sequence = new TokenBlockSequence(4, CacheSalt.NONE, upToTwoBlocks);
    sequence.append(1, 2);
    assertThatThrownBy(() -> sequence.append(range(3, 20)))
        .isInstanceOfSatisfying(KvbmException.class, e -> assertThat(e).hasMessage("too long"));
    assertThat(sequence.tokens()).containsExactly(1, 2);
    assertThat(sequence.blocks()).isEmpty();
    assertThat(sequence.append(3, 4, 5)).isEqualTo(1);
    assertThat(sequence.partial()).containsExactly(5);
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void streamingWithDetoursEqualsBatch(HashScheme scheme) {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 100; round++) {
      int blockSize = 1 << random.nextInt(6);
      int[] wanted = random.ints(random.nextInt(200)).toArray();
      TokenBlockSequence batch = new TokenBlockSequence(blockSize, CacheSalt.of("s", "l"), scheme);
      batch.append(wanted);
      TokenBlockSequence streamed =
          new TokenBlockSequence(blockSize, CacheSalt.of("s", "l"), scheme);
      while (streamed.size() < wanted.length) {
        int at = streamed.size();
        int count = 1 + random.nextInt(wanted.length - at);
        streamed.append(Arrays.copyOfRange(wanted, at, at + count));
        int detour = random.nextInt(50);
        streamed.append(random.ints(detour).toArray());
        streamed.unwind(detour);
        if (random.nextInt(4) == 0) {
          streamed.truncate(random.nextInt(streamed.size() + 1));
        }
      }
      String what = "seed %d round %d block size %d".formatted(seed, round, blockSize);
      assertThat(streamed.blocks()).as(what).isEqualTo(batch.blocks());
      assertThat(streamed.partial()).as(what).isEqualTo(batch.partial());
      assertThat(streamed.tokens()).as(what).isEqualTo(wanted);
    }
  }
}
