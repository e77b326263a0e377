package io.kvbm.codecs;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.codec.Codec;
import io.kvbm.api.codec.CodecLevels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * {@code gzip}: one member as in RFC 1952 without name or time, levels 0 to 9, any length. For
 * interchange: Zstandard is smaller and faster.
 */
public final class GzipCodec extends SegmentCodec {

  private static final CodecLevels LEVELS = new CodecLevels(0, 9, 6);
  private static final byte[] HEADER = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, (byte) 0xff};
  private static final int TRAILER_BYTE_SIZE = 8;

  /** How much zlib is shown at a time; a buffer ends at 2 GiB. */
  private static final long STEP = 1 << 30;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final int level;

  /** Creates the codec at its standard level. */
  public GzipCodec() {
    this(LEVELS.standard());
  }

  private GzipCodec(int level) {
    super("gzip");
    this.level = level;
  }

  @Override
  public CodecLevels levels() {
    return LEVELS;
  }

  @Override
  public Codec withLevel(int other) {
    LEVELS.require(name(), other);
    return new GzipCodec(other);
  }

  @Override
  public long maxEncodedByteSize(long byteSize) {
    // zlib's bound for any of its settings, header and trailer.
    return byteSize + (byteSize >> 4) + (byteSize >> 7) + 64 + HEADER.length + TRAILER_BYTE_SIZE;
  }

  @Override
  long compress(MemorySegment source, MemorySegment target) {
    MemorySegment.copy(HEADER, 0, target, ValueLayout.JAVA_BYTE, 0, HEADER.length);
    long written = HEADER.length;
    try (Deflater deflater = new Deflater(level, true)) {
      long read = 0;
      while (!deflater.finished()) {
        if (deflater.needsInput() && read < source.byteSize()) {
          long length = Math.min(STEP, source.byteSize() - read);
          deflater.setInput(source.asSlice(read, length).asByteBuffer());
          read += length;
        }
        if (read == source.byteSize()) {
          deflater.finish();
        }
        long room = Math.min(STEP, target.byteSize() - written - TRAILER_BYTE_SIZE);
        int step = deflater.deflate(target.asSlice(written, room).asByteBuffer());
        if (step == 0 && room == 0) {
          throw new BackendException(
              ErrorCode.OPERATION_FAILED,
              "gzip needs more than %d bytes for %d".formatted(written, source.byteSize()),
              null);
        }
        written += step;
      }
    }
    target.set(INT, written, crc32(source));
    target.set(INT, written + Integer.BYTES, (int) source.byteSize());
    return written + TRAILER_BYTE_SIZE;
  }

  @Override
  void expand(MemorySegment source, MemorySegment target) {
    long end = source.byteSize() - TRAILER_BYTE_SIZE;
    if (end < HEADER.length
        || source.asSlice(0, HEADER.length).mismatch(MemorySegment.ofArray(HEADER)) >= 0) {
      throw malformed("the header differs");
    }
    try (Inflater inflater = new Inflater(true)) {
      inflate(inflater, source.asSlice(HEADER.length, end - HEADER.length), target);
    } catch (DataFormatException e) {
      throw malformed(String.valueOf(e.getMessage()));
    }
    if (source.get(INT, end) != crc32(target)
        || source.get(INT, end + Integer.BYTES) != (int) target.byteSize()) {
      throw malformed("the checksum or length at its end differs");
    }
  }

  private void inflate(Inflater inflater, MemorySegment source, MemorySegment target)
      throws DataFormatException {
    long read = 0;
    long written = 0;
    while (!inflater.finished()) {
      if (inflater.needsInput() && read < source.byteSize()) {
        long length = Math.min(STEP, source.byteSize() - read);
        inflater.setInput(source.asSlice(read, length).asByteBuffer());
        read += length;
      }
      long room = Math.min(STEP, target.byteSize() - written);
      int step = inflater.inflate(target.asSlice(written, room).asByteBuffer());
      written += step;
      boolean starved = inflater.needsInput() && read == source.byteSize();
      if (step == 0
          && !inflater.finished()
          && (room == 0 || starved || inflater.needsDictionary())) {
        throw malformed("it does not end after %d bytes".formatted(written));
      }
    }
    if (written != target.byteSize() || read != source.byteSize() || inflater.getRemaining() != 0) {
      throw malformed("it expands to %d bytes, not %d".formatted(written, target.byteSize()));
    }
  }

  private static int crc32(MemorySegment bytes) {
    CRC32 checksum = new CRC32();
    for (long at = 0; at < bytes.byteSize(); at += STEP) {
      checksum.update(bytes.asSlice(at, Math.min(STEP, bytes.byteSize() - at)).asByteBuffer());
    }
    return (int) checksum.getValue();
  }
}
