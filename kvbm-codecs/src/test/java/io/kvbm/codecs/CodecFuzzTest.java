package io.kvbm.codecs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.kvbm.api.CallerException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.codec.Codec;
import io.kvbm.api.codec.CodecCatalog;
import io.kvbm.api.codec.CodecFrame;
import io.kvbm.testkit.BytePatterns;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Mutated input of decoders and frames. {@code -Dkvbm.fuzz.iterations} says how much, {@code
 * -Dkvbm.fuzz.seed} repeats a run.
 */
class CodecFuzzTest {

  private static final int ITERATIONS = Integer.getInteger("kvbm.fuzz.iterations", 5000);
  private static final long SEED = Long.getLong("kvbm.fuzz.seed", new Random().nextLong());
  private static final int MARGIN = 512;

  static Stream<Codec> codecs() {
    return Stream.of(new NoneCodec(), new Lz4Codec(), new ZstdCodec(), new GzipCodec());
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void mutatedInputStaysWithinTheTarget(Codec codec) {
    fuzz(codec, false, codec::decode);
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void mutatedFramesStayWithinTheTarget(Codec codec) {
    CodecCatalog catalog = CodecCatalog.of(List.of(codec));
    fuzz(codec, true, (frame, target) -> CodecFrame.decode(frame, target, catalog));
  }

  private static void fuzz(
      Codec codec, boolean framed, BiConsumer<MemorySegment, MemorySegment> decode) {
    Random random = new Random(SEED);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = arena.allocate(4000);
      BytePatterns.fill(source, SEED);
      source.asSlice(500, 2500).fill((byte) 1);
      MemorySegment target = arena.allocate(CodecFrame.maxByteSize(codec, 4000));
      long length =
          framed ? CodecFrame.encode(codec, source, target) : codec.encode(source, target);
      byte[] whole = target.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
      for (int i = 0; i < ITERATIONS; i++) {
        byte[] mutated = mutate(whole, random);
        int byteSize = random.nextInt(4) == 0 ? random.nextInt(9000) : 4000;
        check(codec, mutated, byteSize, source, framed, decode);
      }
    }
  }

  private static void check(
      Codec codec,
      byte[] mutated,
      int byteSize,
      MemorySegment source,
      boolean framed,
      BiConsumer<MemorySegment, MemorySegment> decode) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment input = arena.allocate(Math.max(1, mutated.length)).asSlice(0, mutated.length);
      MemorySegment.copy(mutated, 0, input, ValueLayout.JAVA_BYTE, 0, mutated.length);
      MemorySegment room = arena.allocate(byteSize + 2L * MARGIN);
      BytePatterns.guard(room);
      MemorySegment target = room.asSlice(MARGIN, byteSize);
      Throwable thrown = catchThrowable(() -> decode.accept(input, target));
      String what = codec.name() + ", seed " + SEED;
      BytePatterns.verifyAll(room.asSlice(0, MARGIN), BytePatterns.GUARD, what);
      BytePatterns.verifyAll(room.asSlice(MARGIN + byteSize), BytePatterns.GUARD, what);
      if (thrown != null) {
        assertThat(thrown)
            .as(what)
            .isInstanceOfAny(CorruptionException.class, CallerException.class);
      } else if (framed) {
        // What passes the checksums is what was written.
        assertThat(target.asSlice(0, 4000).mismatch(source)).as(what).isEqualTo(-1);
      }
    }
  }

  private static byte[] mutate(byte[] whole, Random random) {
    int change = random.nextInt(5) - 2;
    int length = whole.length;
    if (change == -2) {
      length = random.nextInt(whole.length + 1);
    } else if (change == 2) {
      length += random.nextInt(600);
    }
    byte[] mutated = java.util.Arrays.copyOf(whole, length);
    for (int flips = random.nextInt(6); flips > 0 && length > 0; flips--) {
      // Half of them near the start, where headers and sizes are.
      int at = random.nextInt(random.nextBoolean() ? Math.min(140, length) : length);
      mutated[at] =
          random.nextBoolean()
              ? (byte) (mutated[at] ^ 1 << random.nextInt(8))
              : (byte) random.nextInt();
    }
    return mutated;
  }
}
