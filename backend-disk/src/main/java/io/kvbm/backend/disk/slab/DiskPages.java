package io.kvbm.backend.disk.slab;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** Pages of 4096 bytes, their little-endian fields and their checksums. */
final class DiskPages {

  static final int PAGE = 4096;

  /** Where a page that checks itself keeps the checksum of the bytes before. */
  static final int CHECKSUM = PAGE - Integer.BYTES;

  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final MemorySegment BLANK = MemorySegment.ofArray(new byte[PAGE]).asReadOnly();

  private static final long CHECKSUM_STEP = 1L << 30;

  private DiskPages() {}

  /** {@return a length rounded up to whole pages} */
  static long up(long byteSize) {
    return Math.addExact(byteSize, PAGE - 1) & -PAGE;
  }

  /** {@return the CRC32C of off-heap or heap bytes that nobody else can truncate} */
  static int checksum(MemorySegment bytes) {
    CRC32C checksum = new CRC32C();
    update(checksum, bytes);
    return (int) checksum.getValue();
  }

  static void update(CRC32C checksum, MemorySegment bytes) {
    for (long at = 0; at < bytes.byteSize(); at += CHECKSUM_STEP) {
      long length = Math.min(CHECKSUM_STEP, bytes.byteSize() - at);
      checksum.update(bytes.asSlice(at, length).asByteBuffer());
    }
  }

  /** Writes the checksum of a page into its last bytes. */
  static void seal(MemorySegment page) {
    page.set(INT, CHECKSUM, checksum(page.asSlice(0, CHECKSUM)));
  }

  /** {@return whether a page has the checksum it says it has} */
  static boolean isSealed(MemorySegment page) {
    return page.get(INT, CHECKSUM) == checksum(page.asSlice(0, CHECKSUM));
  }

  /** {@return whether every byte of a page is zero} */
  static boolean isBlank(MemorySegment page) {
    return page.mismatch(BLANK) < 0;
  }
}
