package io.kvbm.backend.remote.s3;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * What follows a value in its S3 object: the CRC32C of each chunk of the value, then magic, length,
 * a nonce, the checksum of the key, and the checksum of all that. Little endian.
 *
 * <p>Behind the value, so that it can be written when the last byte is known, and read together
 * with the end of the object. The nonce makes the body, and with it the service's ETag, another one
 * for each put, also of equal values: the version of an object is a hash of its ETag.
 *
 * @param byteSize bytes of the value
 * @param nonce differs for each put
 * @param keyChecksum CRC32C of the object's key
 * @param chunks CRC32C of each chunk
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record ObjectFooter(long byteSize, long nonce, int keyChecksum, int[] chunks) {

  /** Bytes of a value that one checksum covers; a ranged read loads whole ones. */
  static final int CHUNK_BYTE_SIZE = 256 << 10;

  /** Bytes of a footer without checksums of chunks. */
  static final int FIXED_BYTE_SIZE = 32;

  private static final long MAGIC = 0x31304F33534D564BL; // "KVMS3O01" as bytes

  /** {@return how many bytes the footer of a value takes} */
  static long byteSizeFor(long valueByteSize) {
    return FIXED_BYTE_SIZE + Integer.BYTES * chunkCount(valueByteSize);
  }

  private static long chunkCount(long valueByteSize) {
    return Math.ceilDiv(valueByteSize, (long) CHUNK_BYTE_SIZE);
  }

  /** {@return the length of the value in an object of a length, or -1 if it cannot hold one} */
  static long valueByteSize(long objectByteSize) {
    long rest = objectByteSize - FIXED_BYTE_SIZE;
    if (rest < 0) {
      return -1;
    }
    long byteSize =
        rest - Integer.BYTES * Math.ceilDiv(rest, (long) CHUNK_BYTE_SIZE + Integer.BYTES);
    return byteSize >= 0 && byteSize + byteSizeFor(byteSize) == objectByteSize ? byteSize : -1;
  }

  static int checksumOf(String key) {
    CRC32C crc = new CRC32C();
    crc.update(key.getBytes(StandardCharsets.US_ASCII));
    return (int) crc.getValue();
  }

  byte[] encode() {
    ByteBuffer bytes =
        ByteBuffer.allocate((int) byteSizeFor(byteSize)).order(ByteOrder.LITTLE_ENDIAN);
    for (int chunk : chunks) {
      bytes.putInt(chunk);
    }
    bytes.putLong(MAGIC).putLong(byteSize).putLong(nonce).putInt(keyChecksum);
    CRC32C crc = new CRC32C();
    crc.update(bytes.array(), 0, bytes.position());
    return bytes.putInt((int) crc.getValue()).array();
  }

  /** {@return the footer in these bytes, or empty if they are not one or were damaged} */
  static Optional<ObjectFooter> decode(byte[] bytes) {
    if (bytes.length < FIXED_BYTE_SIZE) {
      return Optional.empty();
    }
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length - Integer.BYTES);
    if ((int) crc.getValue() != in.getInt(bytes.length - Integer.BYTES)) {
      return Optional.empty();
    }
    int[] chunks = new int[(bytes.length - FIXED_BYTE_SIZE) / Integer.BYTES];
    for (int i = 0; i < chunks.length; i++) {
      chunks[i] = in.getInt();
    }
    long magic = in.getLong();
    ObjectFooter footer = new ObjectFooter(in.getLong(), in.getLong(), in.getInt(), chunks);
    return magic == MAGIC && byteSizeFor(footer.byteSize) == bytes.length
        ? Optional.of(footer)
        : Optional.empty();
  }

  /** Checksums chunk by chunk of bytes as they come. For one thread. */
  static final class Chunks {
    private final CRC32C crc = new CRC32C();
    private int[] sums = new int[1];
    private long position;

    void update(MemorySegment bytes) {
      long at = 0;
      while (at < bytes.byteSize()) {
        long step = Math.min(bytes.byteSize() - at, CHUNK_BYTE_SIZE - position % CHUNK_BYTE_SIZE);
        crc.update(bytes.asSlice(at, step).asByteBuffer());
        at += step;
        position += step;
        if (position % CHUNK_BYTE_SIZE == 0) {
          keep((int) (position / CHUNK_BYTE_SIZE) - 1);
        }
      }
    }

    private void keep(int index) {
      if (index >= sums.length) {
        sums = java.util.Arrays.copyOf(sums, 2 * index);
      }
      sums[index] = (int) crc.getValue();
      crc.reset();
    }

    /** {@return the checksums; nothing may follow} */
    int[] finish() {
      if (position % CHUNK_BYTE_SIZE != 0) {
        keep((int) (position / CHUNK_BYTE_SIZE));
      }
      return java.util.Arrays.copyOf(sums, (int) chunkCount(position));
    }

    long position() {
      return position;
    }
  }
}
