package io.kvbm.core.tokens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.hash.CacheSalt;
import io.kvbm.api.hash.HashScheme;
import io.kvbm.api.hash.MultimodalRun;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class MultimodalSequenceTest {

  private static final long IMAGE = 0xFEED_FACE_CAFE_BEEFL;

  static List<HashScheme> schemes() {
    return HashSchemes.builtIn();
  }

  private static TokenBlockSequence twelve(HashScheme scheme, MultimodalRun... runs) {
    TokenBlockSequence sequence = new TokenBlockSequence(4, CacheSalt.NONE, scheme);
    sequence.extend(IntStream.rangeClosed(1, 12).toArray(), List.of(runs));
    return sequence;
  }

  private static TokenBlockSequence twelve(MultimodalRun... runs) {
    return twelve(new Xxh3HashScheme(), runs);
  }

  @Test
  void case07_framesHaveTheirKnownAnswers() {
    // The run covers the last two slots of block 1 and the first of block 2.
    assertThat(twelve(new MultimodalRun(6, 3, IMAGE)).blocks())
        .extracting(block -> block.sequenceHash().toString())
        .containsExactly("14643705804678351452", "17586100718420018347", "6919974835764685060");
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void case07_runChangesItsBlockAndLaterOnesOnly(HashScheme scheme) {
    var text = twelve(scheme).keys();
    var image = twelve(scheme, new MultimodalRun(5, 1, IMAGE)).keys();
    assertThat(image.get(0)).isEqualTo(text.get(0));
    assertThat(image.get(1)).isNotEqualTo(text.get(1));
    assertThat(image.get(2)).isNotEqualTo(text.get(2));
    assertThat(image.get(1).hi()).isNotEqualTo(text.get(1).hi());
  }

  @Test
  void case07_sameImageAtAnotherOffsetGivesAnotherHash() {
    assertThat(twelve(new MultimodalRun(5, 2, IMAGE)).keys().get(1))
        .isNotEqualTo(twelve(new MultimodalRun(6, 2, IMAGE)).keys().get(1));
    assertThat(twelve(new MultimodalRun(5, 2, IMAGE)).keys().get(1))
        .isNotEqualTo(twelve(new MultimodalRun(5, 2, IMAGE + 1)).keys().get(1));
  }

  @Test
  void case07_tokenUnderAPlaceholderDoesNotCount() {
    TokenBlockSequence other = new TokenBlockSequence(4, CacheSalt.NONE, new Xxh3HashScheme());
    other.extend(new int[] {1, 99, 98, 4}, List.of(new MultimodalRun(1, 2, IMAGE)));
    assertThat(other.keys().getFirst())
        .isEqualTo(twelve(new MultimodalRun(1, 2, IMAGE)).keys().getFirst());
    TokenBlockSequence text = new TokenBlockSequence(4, CacheSalt.NONE, new Xxh3HashScheme());
    text.extend(new int[] {1, 2, 3, 5}, List.of(new MultimodalRun(1, 2, IMAGE)));
    assertThat(text.keys().getFirst()).isNotEqualTo(other.keys().getFirst());
  }

  @ParameterizedTest
  @CsvSource({
    "3, 0, EmptyRun",
    "3, -1, EmptyRun",
    "9223372036854775807, 1, OffsetOverflow",
    "3, 9223372036854775807, OffsetOverflow",
    "11, 2, OutOfBounds",
    "12, 1, OutOfBounds",
    "-1, 2, OutOfBounds"
  })
  void case07_runsThatDoNotFitAreRefused(long offset, long length, String rule) {
    TokenBlockSequence sequence = twelve();
    sequence.truncate(0);
    MultimodalRun run = new MultimodalRun(offset, length, IMAGE);
    assertThatThrownBy(() -> sequence.extend(new int[12], List.of(run)))
        .isInstanceOfSatisfying(
            CallerException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT))
        .hasMessageContaining(rule);
    assertThat(sequence.size()).isZero();
    assertThat(sequence.runs()).isEmpty();
  }

  @Test
  void case07_overlappingRunsAreRefusedInAnyOrder() {
    MultimodalRun one = new MultimodalRun(2, 3, IMAGE);
    MultimodalRun two = new MultimodalRun(4, 1, IMAGE);
    for (MultimodalRun[] runs : new MultimodalRun[][] {{one, two}, {two, one}, {one, one}}) {
      assertThatThrownBy(() -> twelve(runs))
          .isInstanceOf(CallerException.class)
          .hasMessageContaining("Overlapping");
    }
    MultimodalRun touching = new MultimodalRun(5, 1, IMAGE);
    assertThat(twelve(touching, one).runs()).containsExactly(one, touching);
  }

  @Test
  void runCannotReachBackIntoEarlierTokens() {
    TokenBlockSequence sequence = twelve();
    assertThatThrownBy(() -> sequence.extend(new int[4], List.of(new MultimodalRun(11, 2, IMAGE))))
        .isInstanceOf(CallerException.class)
        .hasMessageContaining("OutOfBounds");
    assertThat(sequence.size()).isEqualTo(12);
  }

  @Test
  void truncatingThroughARunShortensIt() {
    TokenBlockSequence sequence =
        twelve(new MultimodalRun(2, 3, IMAGE), new MultimodalRun(6, 4, IMAGE));
    sequence.truncate(7);
    assertThat(sequence.runs())
        .containsExactly(new MultimodalRun(2, 3, IMAGE), new MultimodalRun(6, 1, IMAGE));
    sequence.truncate(6);
    assertThat(sequence.runs()).containsExactly(new MultimodalRun(2, 3, IMAGE));
    sequence.append(7, 8);
    assertThat(sequence.keys())
        .isEqualTo(twelve(new MultimodalRun(2, 3, IMAGE)).keys().subList(0, 2));
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void case07_streamingEqualsBatch(HashScheme scheme) {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 100; round++) {
      int[] tokens = random.ints(300).toArray();
      List<MultimodalRun> runs = randomRuns(random, tokens.length);
      int blockSize = 1 << random.nextInt(6);
      TokenBlockSequence batch = new TokenBlockSequence(blockSize, CacheSalt.NONE, scheme);
      List<MultimodalRun> unordered = new ArrayList<>(runs);
      Collections.shuffle(unordered, random);
      batch.extend(tokens, unordered);
      TokenBlockSequence streamed = new TokenBlockSequence(blockSize, CacheSalt.NONE, scheme);
      stream(streamed, tokens, runs, random);
      String what = "seed %d round %d block size %d %s".formatted(seed, round, blockSize, runs);
      assertThat(streamed.blocks()).as(what).isEqualTo(batch.blocks());
      assertThat(streamed.runs()).as(what).isEqualTo(runs).isEqualTo(batch.runs());
    }
  }

  private static List<MultimodalRun> randomRuns(Random random, int size) {
    List<MultimodalRun> runs = new ArrayList<>();
    int at = random.nextInt(40);
    while (at < size) {
      int length = 1 + random.nextInt(Math.min(60, size - at));
      runs.add(new MultimodalRun(at, length, random.nextLong()));
      at += length + random.nextInt(3) * random.nextInt(40);
    }
    return runs;
  }

  /** Appends pieces that end anywhere but inside a run. */
  private static void stream(
      TokenBlockSequence target, int[] tokens, List<MultimodalRun> runs, Random random) {
    int at = 0;
    while (at < tokens.length) {
      int end = at + 1 + random.nextInt(Math.min(50, tokens.length - at));
      for (MultimodalRun run : runs) {
        if (run.offset() < end && run.offset() + run.length() > end) {
          end = (int) (run.offset() + run.length());
        }
      }
      int from = at;
      int to = end;
      target.extend(
          Arrays.copyOfRange(tokens, from, to),
          runs.stream().filter(run -> run.offset() >= from && run.offset() < to).toList());
      at = end;
    }
  }
}
