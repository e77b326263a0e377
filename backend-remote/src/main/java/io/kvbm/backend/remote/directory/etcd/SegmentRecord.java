package io.kvbm.backend.remote.directory.etcd;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A piece of the log of one member's blocks. What a member has is what its segments say one after
 * the other, from the highest {@code base} on.
 *
 * <p>Bytes, big endian: {@code "KVBD"}, version 1 (one byte), flags (one byte), two bytes 0,
 * generation, segment, base (8 bytes each), the numbers of added and removed keys (4 bytes each),
 * the keys (16 bytes each, the digest first), CRC32C of everything before (4 bytes).
 *
 * @param generation of the member
 * @param segment its number; rises by one
 * @param base segments below it are void
 * @param reset whether the member had nothing before this segment
 * @param added keys, two numbers each
 * @param removed keys, two numbers each
 */
@SuppressWarnings("ArrayRecordComponent") // not compared
record SegmentRecord(
    long generation, long segment, long base, boolean reset, long[] added, long[] removed) {

  static final int HEADER_BYTES = 40;
  static final int OVERHEAD_BYTES = HEADER_BYTES + Integer.BYTES;
  static final int KEY_BYTES = 16;
  static final int MAX_BYTES = 1 << 20;

  private static final int MAGIC = 0x4B564244; // KVBD
  private static final byte VERSION = 1;
  private static final int RESET = 1;

  byte[] encode() {
    int keys = (added.length + removed.length) / 2;
    ByteBuffer buffer = ByteBuffer.allocate(OVERHEAD_BYTES + keys * KEY_BYTES);
    buffer.putInt(MAGIC).put(VERSION).put((byte) (reset ? RESET : 0)).putShort((short) 0);
    buffer.putLong(generation).putLong(segment).putLong(base);
    buffer.putInt(added.length / 2).putInt(removed.length / 2);
    put(buffer, added);
    put(buffer, removed);
    buffer.putInt(checksum(buffer.array(), buffer.position()));
    return buffer.array();
  }

  /** {@return the segment, or null if the bytes are not exactly one} */
  static @Nullable SegmentRecord decode(byte[] bytes) {
    if (bytes.length < OVERHEAD_BYTES || bytes.length > MAX_BYTES) {
      return null;
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    int end = bytes.length - Integer.BYTES;
    if (buffer.getInt(end) != checksum(bytes, end)) {
      return null;
    }
    if (buffer.getInt() != MAGIC || buffer.get() != VERSION) {
      return null;
    }
    int flags = buffer.get();
    buffer.getShort();
    long generation = buffer.getLong();
    long segment = buffer.getLong();
    long base = buffer.getLong();
    int added = buffer.getInt();
    int removed = buffer.getInt();
    if (added < 0
        || removed < 0
        || (long) HEADER_BYTES + (long) KEY_BYTES * ((long) added + removed) != end) {
      return null;
    }
    return new SegmentRecord(
        generation,
        segment,
        base,
        (flags & RESET) != 0,
        take(buffer, added),
        take(buffer, removed));
  }

  private static void put(ByteBuffer buffer, long[] keys) {
    buffer.asLongBuffer().put(keys);
    buffer.position(buffer.position() + keys.length * Long.BYTES);
  }

  private static long[] take(ByteBuffer buffer, int keys) {
    long[] taken = new long[2 * keys];
    buffer.asLongBuffer().get(taken);
    buffer.position(buffer.position() + taken.length * Long.BYTES);
    return taken;
  }

  private static int checksum(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }
}
