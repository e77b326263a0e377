package io.kvbm.backend.disk.object;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.codec.Codec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Counts bytes that repeat. It has the name of a codec of the format, for tests without that. */
final class RunLengthCodec implements Codec {

  /** The number of its name in the format. */
  static final int NUMBER = Codecs.NAMES.indexOf("gzip");

  private static final int LONGEST = 255;

  RunLengthCodec() {}

  @Override
  public String name() {
    return Codecs.NAMES.get(NUMBER);
  }

  @Override
  public long maxEncodedByteSize(long byteSize) {
    return 2 * byteSize;
  }

  @Override
  public long encode(MemorySegment source, MemorySegment target) {
    long written = 0;
    long at = 0;
    while (at < source.byteSize()) {
      byte value = source.get(ValueLayout.JAVA_BYTE, at);
      long end = at + 1;
      while (end < source.byteSize()
          && end - at < LONGEST
          && source.get(ValueLayout.JAVA_BYTE, end) == value) {
        end++;
      }
      target.set(ValueLayout.JAVA_BYTE, written, (byte) (end - at));
      target.set(ValueLayout.JAVA_BYTE, written + 1, value);
      written += 2;
      at = end;
    }
    return written;
  }

  @Override
  public void decode(MemorySegment source, MemorySegment target) {
    long written = 0;
    for (long at = 0; at < source.byteSize(); at += 2) {
      int count = Byte.toUnsignedInt(source.get(ValueLayout.JAVA_BYTE, at));
      if (at + 1 == source.byteSize() || count > target.byteSize() - written) {
        throw malformed();
      }
      target.asSlice(written, count).fill(source.get(ValueLayout.JAVA_BYTE, at + 1));
      written += count;
    }
    if (written != target.byteSize()) {
      throw malformed();
    }
  }

  private static CorruptionException malformed() {
    return new CorruptionException(ErrorCode.CORRUPT, "runs of another length");
  }
}
