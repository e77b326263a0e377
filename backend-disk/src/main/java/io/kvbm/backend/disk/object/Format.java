package io.kvbm.backend.disk.object;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** What all parts of the format share: numbers are little-endian, checksums are CRC32C. */
final class Format {

  static final short VERSION = 1;

  /** The unit of writing; no page is ever written twice once it holds a record. */
  static final int PAGE = 4096;

  /** What bodies are aligned to. */
  static final int ALIGNMENT = 64;

  /** The unit of verification within a longer value. */
  static final int CHUNK = 64 << 10;

  static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final long STEP = 1 << 30;

  private Format() {}

  static long up(long value, long unit) {
    return (value + unit - 1) & -unit;
  }

  static long down(long value, long unit) {
    return value & -unit;
  }

  static int crc(MemorySegment bytes) {
    CRC32C checksum = new CRC32C();
    update(checksum, bytes);
    return (int) checksum.getValue();
  }

  static void update(CRC32C checksum, MemorySegment bytes) {
    for (long at = 0; at < bytes.byteSize(); at += STEP) {
      checksum.update(bytes.asSlice(at, Math.min(STEP, bytes.byteSize() - at)).asByteBuffer());
    }
  }

  /** {@return how many checksums a value has beside the one of its header} */
  static int chunkCount(long storedByteSize) {
    return storedByteSize <= CHUNK ? 0 : (int) Math.ceilDiv(storedByteSize, (long) CHUNK);
  }

  static CorruptionException corrupt(String message) {
    return new CorruptionException(ErrorCode.CORRUPT, message);
  }
}
