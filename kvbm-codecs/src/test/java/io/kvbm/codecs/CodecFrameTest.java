package io.kvbm.codecs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.codec.Codec;
import io.kvbm.api.codec.CodecCatalog;
import io.kvbm.api.codec.CodecFrame;
import io.kvbm.testkit.BytePatterns;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class CodecFrameTest {

  private static final int BYTE_SIZE = 4096;

  /** Counts how often a decompressor is reached. */
  private static final class Watched implements Codec {
    private final Codec inner = new ZstdCodec();
    private final AtomicInteger decodes = new AtomicInteger();

    @Override
    public String name() {
      return "zstd";
    }

    @Override
    public long maxEncodedByteSize(long byteSize) {
      return inner.maxEncodedByteSize(byteSize);
    }

    @Override
    public long encode(MemorySegment source, MemorySegment target) {
      return inner.encode(source, target);
    }

    @Override
    public void decode(MemorySegment source, MemorySegment target) {
      decodes.incrementAndGet();
      inner.decode(source, target);
    }
  }

  @Test
  void noFlippedBitReachesTheDecompressor() {
    Watched codec = new Watched();
    MemorySegment frame = frame(codec, heap(BYTE_SIZE));
    MemorySegment target = heap(BYTE_SIZE);
    for (long bit = 0; bit < frame.byteSize() * 8; bit++) {
      flip(frame, bit);
      assertThatThrownBy(() -> CodecFrame.decode(frame, target, CodecCatalog.of(List.of(codec))))
          .as("bit %d", bit)
          .isInstanceOf(CorruptionException.class);
      flip(frame, bit);
    }
    assertThat(codec.decodes).hasValue(0);
    CodecFrame.decode(frame, target, CodecCatalog.of(List.of(codec)));
    assertThat(codec.decodes).hasValue(1);
  }

  @Test
  void moreThanTheTargetHoldsIsRefusedBeforeTheDecompressor() {
    Watched codec = new Watched();
    MemorySegment frame = frame(codec, heap(BYTE_SIZE));
    assertThatThrownBy(
            () -> CodecFrame.decode(frame, heap(BYTE_SIZE - 1), CodecCatalog.of(List.of(codec))))
        .isInstanceOf(CallerException.class)
        .hasMessageContaining("4096");
    assertThat(codec.decodes).hasValue(0);
  }

  @Test
  void whatDoesNotGetSmallerIsStoredAndNeedsNoCodec() {
    MemorySegment noise = BytePatterns.heap(BYTE_SIZE, 9);
    MemorySegment frame = frame(new Lz4Codec(), noise);
    assertThat(CodecFrame.header(frame).codec()).isEqualTo("none");
    assertThat(frame.byteSize()).isEqualTo(CodecFrame.HEADER_BYTE_SIZE + BYTE_SIZE);
    MemorySegment target = heap(BYTE_SIZE);
    CodecFrame.decode(frame, target, CodecCatalog.of(List.of()));
    assertThat(target.mismatch(noise)).isEqualTo(-1);
  }

  @Test
  void missingCodecIsNamedWithThoseThere() {
    MemorySegment frame = frame(new ZstdCodec(), heap(BYTE_SIZE));
    assertThatThrownBy(
            () ->
                CodecFrame.decode(
                    frame,
                    heap(BYTE_SIZE),
                    CodecCatalog.of(List.of(new Lz4Codec(), new GzipCodec()))))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("codec zstd is not installed; installed: gzip, lz4");
  }

  @Test
  void lz4InSeveralPieces() {
    Codec codec = new Lz4Codec(0, 1000);
    MemorySegment source = BytePatterns.heap(4500, 3);
    source.asSlice(100, 3000).fill((byte) 0);
    MemorySegment target = heap((int) codec.maxEncodedByteSize(4500));
    long encoded = codec.encode(source, target);
    MemorySegment back = heap(4500);
    codec.decode(target.asSlice(0, encoded), back);
    assertThat(back.mismatch(source)).isEqualTo(-1);
  }

  private static MemorySegment frame(Codec codec, MemorySegment source) {
    MemorySegment target = heap((int) CodecFrame.maxByteSize(codec, source.byteSize()));
    return target.asSlice(0, CodecFrame.encode(codec, source, target));
  }

  private static MemorySegment heap(int byteSize) {
    return MemorySegment.ofArray(new byte[byteSize]);
  }

  private static void flip(MemorySegment bytes, long bit) {
    byte former = bytes.get(ValueLayout.JAVA_BYTE, bit / 8);
    bytes.set(ValueLayout.JAVA_BYTE, bit / 8, (byte) (former ^ 1 << bit % 8));
  }
}
