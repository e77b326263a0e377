package io.kvbm.backend.disk.log;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * The first page of a segment; written and synced before the segment gets its name, never again.
 *
 * @param log which log it is of
 * @param number rises by one from segment to segment
 * @param firstSequence no record in it has a lower number
 * @param byteSize how long the file was made
 * @param previousNumber the segment before; 0 where there is none
 * @param previousEnd behind which byte of that one nothing counts
 * @param previousCrc the chain at that place
 * @param previousLast the highest number up to there; synced before this segment was made
 * @param crc of the page; what the chain of the segment starts from
 */
record SegmentHeader(
    UUID log,
    long number,
    long firstSequence,
    long byteSize,
    long previousNumber,
    long previousEnd,
    int previousCrc,
    long previousLast,
    int crc) {

  /** A page: what is written as a whole, in bytes. */
  static final int PAGE = 4096;

  /** Reads {@code KVBMLOG1} in a dump. */
  private static final long MAGIC = 0x31474f4c4d42564bL;

  private static final int VERSION = 1;
  private static final int CRC_OFFSET = 12;
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Writes the page and gives the header with its checksum. */
  SegmentHeader encode(MemorySegment page) {
    page.fill((byte) 0);
    page.set(LONG, 0, MAGIC);
    page.set(INT, 8, VERSION);
    page.set(LONG, 16, log.getMostSignificantBits());
    page.set(LONG, 24, log.getLeastSignificantBits());
    page.set(LONG, 32, number);
    page.set(LONG, 40, firstSequence);
    page.set(LONG, 48, byteSize);
    page.set(LONG, 56, previousNumber);
    page.set(LONG, 64, previousEnd);
    page.set(INT, 72, previousCrc);
    page.set(LONG, 80, previousLast);
    int sum = checksum(page);
    page.set(INT, CRC_OFFSET, sum);
    return withCrc(sum);
  }

  private SegmentHeader withCrc(int sum) {
    return new SegmentHeader(
        log,
        number,
        firstSequence,
        byteSize,
        previousNumber,
        previousEnd,
        previousCrc,
        previousLast,
        sum);
  }

  /**
   * Reads a page.
   *
   * @throws CorruptionException if it is none or damaged, naming the file
   */
  static SegmentHeader decode(MemorySegment page, Path path) {
    if (page.get(LONG, 0) != MAGIC) {
      throw corrupt(path, "it does not begin as a segment of a log");
    }
    int stored = page.get(INT, CRC_OFFSET);
    if (stored != checksum(page)) {
      throw corrupt(path, "the checksum of its first page is wrong");
    }
    if (page.get(INT, 8) != VERSION) {
      throw corrupt(
          path, "it has format version %d, this is %d".formatted(page.get(INT, 8), VERSION));
    }
    return new SegmentHeader(
        new UUID(page.get(LONG, 16), page.get(LONG, 24)),
        page.get(LONG, 32),
        page.get(LONG, 40),
        page.get(LONG, 48),
        page.get(LONG, 56),
        page.get(LONG, 64),
        page.get(INT, 72),
        page.get(LONG, 80),
        stored);
  }

  private static int checksum(MemorySegment page) {
    CRC32C crc = new CRC32C();
    crc.update(page.asSlice(0, CRC_OFFSET).asByteBuffer());
    crc.update(page.asSlice(CRC_OFFSET + 4, PAGE - CRC_OFFSET - 4).asByteBuffer());
    return (int) crc.getValue();
  }

  static CorruptionException corrupt(Path path, String what) {
    return new CorruptionException(
        ErrorCode.CORRUPT,
        "log segment %s is damaged at byte 0: %s; restore the log from a copy, nothing was changed"
            .formatted(path, what));
  }
}
