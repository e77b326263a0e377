package io.kvbm.api.codec;

import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;

/** Checksums of segments of any length. */
final class Checksums {

  private static final long STEP = 1 << 30;

  private Checksums() {}

  static int crc32c(MemorySegment bytes) {
    CRC32C checksum = new CRC32C();
    for (long at = 0; at < bytes.byteSize(); at += STEP) {
      checksum.update(bytes.asSlice(at, Math.min(STEP, bytes.byteSize() - at)).asByteBuffer());
    }
    return (int) checksum.getValue();
  }
}
