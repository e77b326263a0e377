package io.kvbm.codecs;

import io.kvbm.api.codec.Codec;
import io.kvbm.api.codec.CodecLevels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;

/**
 * {@code lz4}: LZ4 blocks; level 0 is the fast compressor, 1 to 17 are high compression.
 *
 * <p>A block of the library ends at 2 GiB, so the source is cut into pieces of 1 GiB; each is
 * written as its encoded length, four bytes with the lowest first, and its LZ4 block.
 */
public final class Lz4Codec extends SegmentCodec {

  /** Bytes of a piece before compression; part of the format. */
  static final long PIECE = 1 << 30;

  private static final CodecLevels LEVELS = new CodecLevels(0, 17, 0);
  private static final ValueLayout.OfInt LENGTH =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final int level;
  private final long piece;

  /** Creates the codec at its standard level. */
  public Lz4Codec() {
    this(LEVELS.standard(), PIECE);
  }

  /** For tests, with shorter pieces than the format has. */
  Lz4Codec(int level, long piece) {
    super("lz4");
    this.level = level;
    this.piece = piece;
  }

  @Override
  public CodecLevels levels() {
    return LEVELS;
  }

  @Override
  public Codec withLevel(int other) {
    LEVELS.require(name(), other);
    return new Lz4Codec(other, piece);
  }

  @Override
  public long maxEncodedByteSize(long byteSize) {
    long pieces = Math.ceilDiv(byteSize, piece);
    // LZ4_COMPRESSBOUND of each piece, and its length.
    return byteSize + byteSize / 255 + pieces * (16 + Integer.BYTES);
  }

  @Override
  long compress(MemorySegment source, MemorySegment target) {
    LZ4Factory lz4 = LZ4Factory.fastestInstance();
    LZ4Compressor compressor = level == 0 ? lz4.fastCompressor() : lz4.highCompressor(level);
    long written = 0;
    for (long at = 0; at < source.byteSize(); at += piece) {
      int length = (int) Math.min(piece, source.byteSize() - at);
      long room = target.byteSize() - written - Integer.BYTES;
      int atMost = (int) Math.min(room, compressor.maxCompressedLength(length));
      MemorySegment output = target.asSlice(written + Integer.BYTES, atMost);
      int encoded =
          compressor.compress(
              source.asSlice(at, length).asByteBuffer(),
              0,
              length,
              output.asByteBuffer(),
              0,
              atMost);
      target.set(LENGTH, written, encoded);
      written += Integer.BYTES + encoded;
    }
    return written;
  }

  @Override
  void expand(MemorySegment source, MemorySegment target) {
    long read = 0;
    for (long at = 0; at < target.byteSize(); at += piece) {
      int length = (int) Math.min(piece, target.byteSize() - at);
      if (source.byteSize() - read < Integer.BYTES) {
        throw malformed("it ends after %d of %d bytes".formatted(at, target.byteSize()));
      }
      int encoded = source.get(LENGTH, read);
      read += Integer.BYTES;
      if (encoded < 0 || encoded > source.byteSize() - read) {
        throw malformed(
            "a piece of %d bytes where %d are left".formatted(encoded, source.byteSize() - read));
      }
      expandPiece(source.asSlice(read, encoded), target.asSlice(at, length));
      read += encoded;
    }
    if (read != source.byteSize()) {
      throw malformed("%d bytes follow its end".formatted(source.byteSize() - read));
    }
  }

  private void expandPiece(MemorySegment source, MemorySegment target) {
    int written;
    try {
      written =
          LZ4Factory.fastestInstance()
              .safeDecompressor()
              .decompress(
                  source.asByteBuffer(),
                  0,
                  (int) source.byteSize(),
                  target.asByteBuffer(),
                  0,
                  (int) target.byteSize());
    } catch (LZ4Exception e) {
      throw malformed(String.valueOf(e.getMessage()));
    }
    if (written != target.byteSize()) {
      throw malformed("it expands to %d bytes, not %d".formatted(written, target.byteSize()));
    }
  }
}
