package io.kvbm.codecs;

import com.github.luben.zstd.Zstd;
import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.codec.Codec;
import io.kvbm.api.codec.CodecLevels;
import java.lang.foreign.MemorySegment;

/**
 * {@code zstd}: Zstandard frames, levels -7 to 22, any length. The library is given addresses, so
 * that nothing is copied and nothing ends at 2 GiB.
 */
public final class ZstdCodec extends SegmentCodec {

  private static final CodecLevels LEVELS = new CodecLevels(-7, 22, 3);

  /** Above it an input is stored block by block, each with three bytes of header. */
  private static final long SMALL = 128 << 10;

  private final int level;

  /** Creates the codec at its standard level. */
  public ZstdCodec() {
    this(LEVELS.standard());
  }

  private ZstdCodec(int level) {
    super("zstd");
    this.level = level;
  }

  @Override
  public CodecLevels levels() {
    return LEVELS;
  }

  @Override
  public Codec withLevel(int other) {
    LEVELS.require(name(), other);
    return new ZstdCodec(other);
  }

  /** {@inheritDoc} The same formula as {@code ZSTD_COMPRESSBOUND}, without loading the library. */
  @Override
  public long maxEncodedByteSize(long byteSize) {
    return byteSize + (byteSize >> 8) + (byteSize < SMALL ? (SMALL - byteSize) >> 11 : 0);
  }

  @Override
  long compress(MemorySegment source, MemorySegment target) {
    long written =
        Zstd.compressUnsafe(
            target.address(), target.byteSize(), source.address(), source.byteSize(), level);
    if (Zstd.isError(written)) {
      throw new BackendException(
          ErrorCode.OPERATION_FAILED,
          "zstd cannot compress %d bytes at level %d: %s"
              .formatted(source.byteSize(), level, Zstd.getErrorName(written)),
          null);
    }
    return written;
  }

  @Override
  void expand(MemorySegment source, MemorySegment target) {
    long written =
        Zstd.decompressUnsafe(
            target.address(), target.byteSize(), source.address(), source.byteSize());
    if (Zstd.isError(written)) {
      throw malformed(Zstd.getErrorName(written));
    }
    if (written != target.byteSize()) {
      throw malformed("it expands to %d bytes, not %d".formatted(written, target.byteSize()));
    }
  }
}
