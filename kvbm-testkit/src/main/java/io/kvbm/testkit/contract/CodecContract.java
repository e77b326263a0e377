package io.kvbm.testkit.contract;

import static io.kvbm.testkit.contract.BackendContract.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.fail;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.codec.Codec;
import io.kvbm.api.codec.CodecCatalog;
import io.kvbm.api.codec.CodecFrame;
import io.kvbm.api.codec.CodecLevels;
import io.kvbm.testkit.BytePatterns;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every {@link Codec} keeps to; its author implements one method. */
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class CodecContract {

  private static final long MARGIN = 256;
  private static final List<Integer> BYTE_SIZES =
      List.of(0, 1, 2, 13, 64, 255, 256, 4095, 65_536, 65_537, 300_001);

  /** Creates the contract; called by JUnit. */
  protected CodecContract() {}

  /** {@return the codec under test; a new one or always the same} */
  protected abstract Codec codec();

  @Test
  void nameIsWellFormedAndStays() {
    Codec codec = codec();
    assertThat(codec.name()).matches("[a-z][a-z0-9-]{0,62}");
    assertThat(Stream.generate(codec::name).limit(20)).containsOnly(codec.name());
    assertThat(codec().name()).isEqualTo(codec.name());
    assertThat(codec.withLevel(codec.levels().maximum()).name()).isEqualTo(codec.name());
  }

  @Test
  void everythingComesBackAndNothingBesideIsTouched() {
    for (int byteSize : BYTE_SIZES) {
      for (Content content : Content.values()) {
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment source = content.fill(arena.allocate(Math.max(1, byteSize)), byteSize);
          roundTrip(codec(), source, codec(), content + " of " + byteSize);
        }
      }
    }
  }

  @Test
  void boundHoldsForWhatCannotBeCompressed() {
    Codec codec = codec();
    try (Arena arena = Arena.ofConfined()) {
      for (int byteSize : BYTE_SIZES) {
        MemorySegment source = Content.NOISE.fill(arena.allocate(Math.max(1, byteSize)), byteSize);
        long bound = codec.maxEncodedByteSize(byteSize);
        MemorySegment target = arena.allocate(bound + 1);
        long encoded = codec.encode(source, target.asSlice(0, bound));
        assertThat(encoded).as("%s of %d bytes", codec.name(), byteSize).isBetween(0L, bound);
        assertThat(codec.maxEncodedByteSize(byteSize + 1)).isGreaterThanOrEqualTo(bound);
      }
    }
  }

  @Test
  void targetBelowTheBoundIsRefusedAndUntouched() {
    Codec codec = codec();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = Content.NOISE.fill(arena.allocate(5000), 5000);
      MemorySegment target = arena.allocate(codec.maxEncodedByteSize(5000) - 1);
      BytePatterns.guard(target);
      assertRefused(ErrorCode.OUT_OF_BOUNDS, () -> codec.encode(source, target));
      BytePatterns.verifyAll(target, BytePatterns.GUARD, "target of a refused encode");
    }
  }

  @Test
  void overlappingSegmentsAreRefused() {
    Codec codec = codec();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(40_000);
      MemorySegment source = memory.asSlice(0, 1000);
      MemorySegment target = memory.asSlice(999);
      assertRefused(ErrorCode.INVALID_ARGUMENT, () -> codec.encode(source, target));
      assertRefused(
          ErrorCode.INVALID_ARGUMENT, () -> codec.decode(source, memory.asSlice(500, 5000)));
    }
  }

  @Test
  void sourceIsNotChangedAndMayBeReadOnlyOrOnTheHeap() {
    Codec codec = codec();
    for (boolean heap : List.of(true, false)) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment source = heap ? heap(30_000) : arena.allocate(30_000);
        BytePatterns.fill(source, 7);
        source.asSlice(0, 15_000).fill((byte) 3);
        byte[] before = source.toArray(ValueLayout.JAVA_BYTE);
        MemorySegment target = heap((int) codec.maxEncodedByteSize(30_000));
        long encoded = codec.encode(source.asReadOnly(), target);
        assertThat(source.toArray(ValueLayout.JAVA_BYTE)).as("source of encode").isEqualTo(before);

        MemorySegment written = target.asSlice(0, encoded);
        byte[] kept = written.toArray(ValueLayout.JAVA_BYTE);
        MemorySegment back = heap(30_000);
        codec.decode(written.asReadOnly(), back);
        assertThat(back.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(before);
        assertThat(written.toArray(ValueLayout.JAVA_BYTE)).as("source of decode").isEqualTo(kept);
      }
    }
  }

  @Test
  void mappedFileCanBeTheSource() throws IOException {
    Path file = Files.createTempFile("kvbm-codec", ".bin");
    try (FileChannel channel = FileChannel.open(file, java.nio.file.StandardOpenOption.READ);
        Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = Content.MIXED.fill(arena.allocate(20_000), 20_000);
      Files.write(file, bytes.toArray(ValueLayout.JAVA_BYTE));
      MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, 20_000, arena);
      roundTrip(codec(), mapped, codec(), "a mapped file");
    } finally {
      Files.delete(file);
    }
  }

  @Test
  void everyLevelDecodesWithoutKnowingIt() {
    Codec codec = codec();
    CodecLevels levels = codec.levels();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = Content.MIXED.fill(arena.allocate(20_000), 20_000);
      IntStream.rangeClosed(levels.minimum(), levels.maximum())
          .forEach(level -> roundTrip(codec.withLevel(level), source, codec, "level " + level));
    }
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> codec.withLevel(levels.minimum() - 1));
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> codec.withLevel(levels.maximum() + 1));
  }

  @Test
  void truncatedSourceIsCorrupt() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment encoded = encoded(arena, 3000);
      for (long length = 0; length < encoded.byteSize(); length += 1 + length / 16) {
        assertCorrupt(encoded.asSlice(0, length), 3000, "cut to " + length);
      }
      assertCorrupt(encoded.asSlice(0, encoded.byteSize() - 1), 3000, "cut by one byte");
    }
  }

  @Test
  void anotherLengthThanTheTargetsIsCorrupt() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment encoded = encoded(arena, 3000);
      for (int byteSize : List.of(0, 1, 2999, 3001, 6000)) {
        assertCorrupt(encoded, byteSize, "a target of " + byteSize);
      }
    }
  }

  @Test
  void damagedSourceNeverReachesBeyondTheTarget() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment encoded = encoded(arena, 3000);
      for (int i = 0; i < 500; i++) {
        MemorySegment damaged = arena.allocate(encoded.byteSize()).copyFrom(encoded);
        for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
          long at = random.nextLong(damaged.byteSize());
          damaged.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
        }
        Throwable thrown = decodeGuarded(damaged, 3000, "seed " + seed);
        if (thrown != null) {
          assertThat(thrown).as("seed %d", seed).isInstanceOf(CorruptionException.class);
        }
      }
    }
  }

  @Test
  void threadsShareOneCodec() throws Exception {
    Codec codec = codec();
    Concurrently.run(
        thread -> {
          try (Arena arena = Arena.ofConfined()) {
            for (int i = 0; i < 60; i++) {
              int byteSize = 20_000 + 100 * thread + i;
              MemorySegment source = arena.allocate(byteSize);
              BytePatterns.fill(source, thread);
              source.asSlice(0, 9000).fill((byte) thread);
              roundTrip(codec, source, codec, "thread " + thread);
            }
          }
        });
  }

  @Test
  void framesCarryIt() {
    Codec codec = codec();
    try (Arena arena = Arena.ofConfined()) {
      for (Content content : Content.values()) {
        MemorySegment source = content.fill(arena.allocate(10_000), 10_000);
        MemorySegment target = arena.allocate(CodecFrame.maxByteSize(codec, 10_000));
        MemorySegment frame = target.asSlice(0, CodecFrame.encode(codec, source, target));
        MemorySegment back = arena.allocate(10_000 + MARGIN).asSlice(0, 10_000);
        CodecFrame.decode(frame, back, CodecCatalog.of(List.of(codec)));
        assertThat(back.mismatch(source)).as("frame of %s", content).isEqualTo(-1);
      }
    }
  }

  private MemorySegment encoded(Arena arena, int byteSize) {
    MemorySegment source = Content.MIXED.fill(arena.allocate(byteSize), byteSize);
    MemorySegment target = arena.allocate(codec().maxEncodedByteSize(byteSize));
    return target.asSlice(0, codec().encode(source, target));
  }

  private void assertCorrupt(MemorySegment encoded, int byteSize, String what) {
    Throwable thrown = decodeGuarded(encoded, byteSize, what);
    assertThat(thrown).as("decoding %s", what).isInstanceOf(CorruptionException.class);
    assertThat(((CorruptionException) thrown).code()).isEqualTo(ErrorCode.CORRUPT);
    assertThat(thrown.getMessage()).isNotBlank().doesNotContain("\n");
  }

  /** {@return what decode threw, or null} */
  private Throwable decodeGuarded(MemorySegment encoded, int byteSize, String what) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment room = arena.allocate(byteSize + 2 * MARGIN);
      BytePatterns.guard(room);
      Throwable thrown =
          catchThrowable(() -> codec().decode(encoded, room.asSlice(MARGIN, byteSize)));
      verifyMargins(room, byteSize, what);
      return thrown;
    }
  }

  private static void roundTrip(Codec encoder, MemorySegment source, Codec decoder, String what) {
    try (Arena arena = Arena.ofConfined()) {
      long bound = encoder.maxEncodedByteSize(source.byteSize());
      MemorySegment room = arena.allocate(bound + 2 * MARGIN);
      BytePatterns.guard(room);
      long encoded = encoder.encode(source, room.asSlice(MARGIN, bound));
      verifyMargins(room, bound, "encode of " + what);
      MemorySegment back = arena.allocate(source.byteSize() + 2 * MARGIN);
      BytePatterns.guard(back);
      decoder.decode(room.asSlice(MARGIN, encoded), back.asSlice(MARGIN, source.byteSize()));
      verifyMargins(back, source.byteSize(), "decode of " + what);
      long at = back.asSlice(MARGIN, source.byteSize()).mismatch(source);
      if (at >= 0) {
        fail("%s: byte %d of %d came back changed".formatted(what, at, source.byteSize()));
      }
    }
  }

  private static void verifyMargins(MemorySegment room, long byteSize, String what) {
    BytePatterns.verifyAll(room.asSlice(0, MARGIN), BytePatterns.GUARD, "before " + what);
    BytePatterns.verifyAll(
        room.asSlice(MARGIN + byteSize, MARGIN), BytePatterns.GUARD, "behind " + what);
  }

  private static MemorySegment heap(int byteSize) {
    return MemorySegment.ofArray(new byte[byteSize]);
  }

  /** What is compressed. */
  private enum Content {
    ZEROS,
    NOISE,
    MIXED;

    MemorySegment fill(MemorySegment memory, int byteSize) {
      MemorySegment bytes = memory.asSlice(0, byteSize);
      if (this != ZEROS) {
        BytePatterns.fill(bytes, 42);
      }
      if (this == MIXED) {
        bytes.asSlice(0, byteSize / 2).fill((byte) 'x');
      }
      return bytes;
    }
  }
}
