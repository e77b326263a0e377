package io.kvbm.backend.remote.s3;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.lang.foreign.MemorySegment;
import software.amazon.awssdk.core.sync.RequestBody;

/** Host memory and what follows it as the body of a request, which can be read again. */
final class SegmentBody {

  private SegmentBody() {}

  static RequestBody of(MemorySegment bytes, byte[] tail) {
    return RequestBody.fromContentProvider(
        () -> new SequenceInputStream(new Bytes(bytes), new ByteArrayInputStream(tail)),
        bytes.byteSize() + tail.length,
        "application/octet-stream");
  }

  private static final class Bytes extends InputStream {
    private final MemorySegment bytes;
    private long position;

    Bytes(MemorySegment bytes) {
      this.bytes = bytes;
    }

    @Override
    public int read() {
      return position == bytes.byteSize()
          ? -1
          : bytes.get(java.lang.foreign.ValueLayout.JAVA_BYTE, position++) & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      int count = (int) Math.min(length, bytes.byteSize() - position);
      if (count <= 0) {
        return length == 0 ? 0 : -1;
      }
      MemorySegment.copy(
          bytes, java.lang.foreign.ValueLayout.JAVA_BYTE, position, target, offset, count);
      position += count;
      return count;
    }
  }
}
