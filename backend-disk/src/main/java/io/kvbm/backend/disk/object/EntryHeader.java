package io.kvbm.backend.disk.object;

import io.kvbm.api.store.ObjectKeys;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What stands before the bytes of a value in the log: 64 bytes, the key, checksums of the value's
 * chunks if it has more than one.
 *
 * @param kind {@link #PUT}, {@link #PUT_FILE} or {@link #DELETE}
 * @param key whose value it is
 * @param version of the value; the operation's own number
 * @param rawByteSize before compression
 * @param storedByteSize after it
 * @param expiresAtMillis time of day, or {@link #NEVER}
 * @param codec number of the codec, 0 for none
 * @param objectId the file that holds the bytes, 0 for the log
 * @param bodyChecksum of the bytes where there are no chunks
 * @param moved whether compaction wrote it
 * @param chunks a checksum for each {@link Format#CHUNK} bytes; empty for short values
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record EntryHeader(
    byte kind,
    String key,
    long version,
    long rawByteSize,
    long storedByteSize,
    long expiresAtMillis,
    byte codec,
    long objectId,
    int bodyChecksum,
    boolean moved,
    int[] chunks) {

  static final byte PUT = 1;
  static final byte DELETE = 2;
  static final byte PUT_FILE = 3;

  /** A value whose bytes were found damaged when it was to be moved. */
  static final byte LOST = 4;

  /** The codec number of a lost value. */
  static final byte LOST_CODEC = -1;

  static final long NEVER = 0;
  static final int FIXED = 64;

  private static final int MAGIC = 0x4E45564B; // KVEN
  private static final int AT_STORE = 56; // behind a byte that says whether it was moved
  private static final int AT_CRC = 60;

  /** {@return bytes before the body} */
  int headByteSize() {
    return headByteSize(key.length(), chunks.length);
  }

  static int headByteSize(int keyLength, int chunkCount) {
    return (int)
        (FIXED
            + Format.up(keyLength, Format.ALIGNMENT)
            + Format.up(4L * chunkCount, Format.ALIGNMENT));
  }

  /** {@return bytes of the body that stand in the log} */
  long inlineByteSize() {
    return kind == PUT ? storedByteSize : 0;
  }

  /** {@return bytes in the log, with the space to the next entry} */
  long entryByteSize() {
    return headByteSize() + Format.up(inlineByteSize(), Format.ALIGNMENT);
  }

  static EntryHeader lost(String key, Location at) {
    return new EntryHeader(
        LOST,
        key,
        at.version(),
        at.rawByteSize(),
        0,
        at.expiresAtMillis(),
        LOST_CODEC,
        0,
        0,
        true,
        new int[0]);
  }

  EntryHeader withVersion(long value) {
    return new EntryHeader(
        kind,
        key,
        value,
        rawByteSize,
        storedByteSize,
        expiresAtMillis,
        codec,
        objectId,
        bodyChecksum,
        moved,
        chunks);
  }

  EntryHeader asMoved() {
    return new EntryHeader(
        kind,
        key,
        version,
        rawByteSize,
        storedByteSize,
        expiresAtMillis,
        codec,
        objectId,
        bodyChecksum,
        true,
        chunks);
  }

  /** Writes it as one of a store. */
  void writeTo(MemorySegment target, UUID store) {
    MemorySegment head = target.asSlice(0, headByteSize());
    head.fill((byte) 0);
    head.set(Format.INT, 0, MAGIC);
    head.set(Format.BYTE, 4, kind);
    head.set(Format.BYTE, 5, codec);
    head.set(Format.SHORT, 6, (short) key.length());
    head.set(Format.LONG, 8, version);
    head.set(Format.LONG, 16, rawByteSize);
    head.set(Format.LONG, 24, storedByteSize);
    head.set(Format.LONG, 32, expiresAtMillis);
    head.set(Format.LONG, 40, objectId);
    head.set(Format.INT, 48, bodyChecksum);
    head.set(Format.INT, 52, chunks.length);
    head.set(Format.INT, AT_STORE, mark(store) << Byte.SIZE | (moved ? 1 : 0));
    byte[] name = key.getBytes(StandardCharsets.US_ASCII);
    MemorySegment.copy(name, 0, head, Format.BYTE, FIXED, name.length);
    long table = FIXED + Format.up(name.length, Format.ALIGNMENT);
    for (int i = 0; i < chunks.length; i++) {
      head.set(Format.INT, table + 4L * i, chunks[i]);
    }
    head.set(Format.INT, AT_CRC, checksum(head));
  }

  private static int checksum(MemorySegment head) {
    CRC32C crc = new CRC32C();
    Format.update(crc, head.asSlice(0, AT_CRC));
    Format.update(crc, head.asSlice(FIXED));
    return (int) crc.getValue();
  }

  /**
   * {@return whether an entry was written for a store} Another store on the same device may have a
   * value of the same key, version and length, of which the device mistakes one for the other.
   */
  static boolean isOf(MemorySegment entry, UUID store) {
    return entry.get(Format.INT, AT_STORE) >>> Byte.SIZE == mark(store);
  }

  /** {@return 24 bits of the identity, all there is room for} */
  private static int mark(UUID store) {
    long bits = store.getMostSignificantBits() ^ store.getLeastSignificantBits();
    return (int) (bits ^ bits >>> 32) >>> Byte.SIZE;
  }

  /** {@return the header at the start of these bytes, or null if there is no intact one} */
  static @Nullable EntryHeader readFrom(MemorySegment source) {
    if (source.byteSize() < FIXED || source.get(Format.INT, 0) != MAGIC) {
      return null;
    }
    int keyLength = Short.toUnsignedInt(source.get(Format.SHORT, 6));
    int chunkCount = source.get(Format.INT, 52);
    if (keyLength < 1
        || keyLength > ObjectKeys.MAX_LENGTH
        || chunkCount < 0
        || chunkCount > 1 << 26) {
      return null;
    }
    int head = headByteSize(keyLength, chunkCount);
    if (head > source.byteSize()
        || source.get(Format.INT, AT_CRC) != checksum(source.asSlice(0, head))) {
      return null;
    }
    byte[] name = source.asSlice(FIXED, keyLength).toArray(Format.BYTE);
    int[] chunks = new int[chunkCount];
    long table = FIXED + Format.up(keyLength, Format.ALIGNMENT);
    for (int i = 0; i < chunkCount; i++) {
      chunks[i] = source.get(Format.INT, table + 4L * i);
    }
    return new EntryHeader(
        source.get(Format.BYTE, 4),
        new String(name, StandardCharsets.US_ASCII),
        source.get(Format.LONG, 8),
        source.get(Format.LONG, 16),
        source.get(Format.LONG, 24),
        source.get(Format.LONG, 32),
        source.get(Format.BYTE, 5),
        source.get(Format.LONG, 40),
        source.get(Format.INT, 48),
        source.get(Format.BYTE, 56) == 1,
        chunks);
  }

  /** {@return whether the body is the one this header was made for} */
  boolean fits(MemorySegment body) {
    if (chunks.length == 0) {
      return Format.crc(body) == bodyChecksum;
    }
    return fits(body, 0);
  }

  /** {@return whether whole chunks, the first of them of this number, are intact} */
  boolean fits(MemorySegment bytes, int firstChunk) {
    for (long at = 0; at < bytes.byteSize(); at += Format.CHUNK) {
      MemorySegment chunk = bytes.asSlice(at, Math.min(Format.CHUNK, bytes.byteSize() - at));
      if (Format.crc(chunk) != chunks[firstChunk + (int) (at / Format.CHUNK)]) {
        return false;
      }
    }
    return true;
  }

  static int[] chunksOf(MemorySegment body) {
    int[] chunks = new int[Format.chunkCount(body.byteSize())];
    for (int i = 0; i < chunks.length; i++) {
      long at = (long) i * Format.CHUNK;
      chunks[i] = Format.crc(body.asSlice(at, Math.min(Format.CHUNK, body.byteSize() - at)));
    }
    return chunks;
  }
}
