package io.kvbm.backend.disk.log;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The headers inside a segment, little endian, each at a multiple of 8 so that a length is never
 * torn.
 *
 * <p>A group: length of the whole group {@code long}, type {@code int}, header CRC {@code int},
 * first number {@code long}, rolling CRC {@code int}, number of records {@code int}, highest number
 * known synced when it was written {@code long}, 0 {@code long}. A record: length with its header
 * {@code long}, type {@code int}, header CRC {@code int}, number {@code long}, rolling CRC {@code
 * int}, 0 {@code int}, then its bytes.
 *
 * <p>The rolling CRC is over the one before it, the header but for its checksums, and the bytes;
 * the first is the CRC of the segment's header. The header CRC is over that CRC, the place in the
 * file and the header: what belongs to another segment or another place never fits.
 */
final class Frame {

  static final int GROUP_BYTE_SIZE = 48;
  static final int RECORD_BYTE_SIZE = 32;

  static final int GROUP = 1;

  /** An empty group behind which the log was closed in order. */
  static final int CLOSING = 2;

  static final int RECORD = 3;

  private static final int TYPE = 8;
  private static final int HEADER_CRC = 12;
  private static final int SEQUENCE = 16;
  private static final int ROLLING_CRC = 24;
  private static final int COUNT = 28;
  private static final int SYNCED = 32;

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final CRC32C crc = new CRC32C();
  private final ByteBuffer scratch = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);

  static long length(MemorySegment header) {
    return header.get(LONG, 0);
  }

  static int type(MemorySegment header) {
    return header.get(INT, TYPE);
  }

  static long sequence(MemorySegment header) {
    return header.get(LONG, SEQUENCE);
  }

  static int rollingCrc(MemorySegment header) {
    return header.get(INT, ROLLING_CRC);
  }

  static int count(MemorySegment header) {
    return header.get(INT, COUNT);
  }

  static long syncedUpTo(MemorySegment header) {
    return header.get(LONG, SYNCED);
  }

  static void putGroup(
      MemorySegment header, long length, int type, long first, int count, long syncedUpTo) {
    header.set(LONG, 0, length);
    header.set(INT, TYPE, type);
    header.set(LONG, SEQUENCE, first);
    header.set(INT, COUNT, count);
    header.set(LONG, SYNCED, syncedUpTo);
    header.set(LONG, 40, 0);
  }

  static void putRecord(MemorySegment header, long payload, long sequence) {
    header.set(LONG, 0, RECORD_BYTE_SIZE + payload);
    header.set(INT, TYPE, RECORD);
    header.set(LONG, SEQUENCE, sequence);
    header.set(INT, COUNT, 0);
  }

  /**
   * Sets both checksums.
   *
   * @param header of a group, or of a record and its bytes
   * @param headerByteSize of these the header
   * @param former the rolling CRC before
   * @param identity the CRC of the segment's header
   * @param position where in the file
   * @return the rolling CRC
   */
  int seal(MemorySegment header, int headerByteSize, int former, int identity, long position) {
    int rolling = rolling(header, headerByteSize, former);
    header.set(INT, ROLLING_CRC, rolling);
    header.set(INT, HEADER_CRC, headerSum(header, headerByteSize, identity, position));
    return rolling;
  }

  /** {@return whether a header is one of this segment and place} */
  boolean isHeader(MemorySegment header, int headerByteSize, int identity, long position) {
    return header.get(INT, HEADER_CRC) == headerSum(header, headerByteSize, identity, position);
  }

  /** {@return the rolling CRC over a header and the bytes behind it} */
  int rolling(MemorySegment frame, int headerByteSize, int former) {
    crc.reset();
    scratch.clear().putInt(former).flip();
    crc.update(scratch);
    ByteBuffer bytes = frame.asByteBuffer();
    update(bytes, 0, HEADER_CRC);
    update(bytes, SEQUENCE, ROLLING_CRC);
    update(bytes, COUNT, headerByteSize);
    update(bytes, headerByteSize, bytes.capacity());
    return (int) crc.getValue();
  }

  private int headerSum(MemorySegment header, int headerByteSize, int identity, long position) {
    crc.reset();
    scratch.clear().putInt(identity).putLong(position).flip();
    crc.update(scratch);
    ByteBuffer bytes = header.asByteBuffer();
    update(bytes, 0, HEADER_CRC);
    update(bytes, SEQUENCE, headerByteSize);
    return (int) crc.getValue();
  }

  private void update(ByteBuffer bytes, int from, int to) {
    bytes.limit(to).position(from);
    crc.update(bytes);
  }
}
