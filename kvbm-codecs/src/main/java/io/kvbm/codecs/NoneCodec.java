package io.kvbm.codecs;

import java.lang.foreign.MemorySegment;

/** {@code none}: bytes as they are. */
public final class NoneCodec extends SegmentCodec {

  /** Creates the codec. */
  public NoneCodec() {
    super("none");
  }

  @Override
  public long maxEncodedByteSize(long byteSize) {
    return byteSize;
  }

  @Override
  long compress(MemorySegment source, MemorySegment target) {
    MemorySegment.copy(source, 0, target, 0, source.byteSize());
    return source.byteSize();
  }

  @Override
  void expand(MemorySegment source, MemorySegment target) {
    if (source.byteSize() != target.byteSize()) {
      throw malformed("%d bytes for %d".formatted(source.byteSize(), target.byteSize()));
    }
    MemorySegment.copy(source, 0, target, 0, source.byteSize());
  }
}
