package io.kvbm.graph.csr.segment;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What the first 512 bytes of a segment say: magic (8), version (4), direction (1), encoding (1),
 * whether there are weights (1), 1 unused, store (16), generation (8), vertices of the graph (8),
 * first vertex (4), number of vertices (4), number of entries (8); then for each of the sections
 * offsets, ids and weights its place (8) and length in bytes (8); place (8) and length (8) of the
 * table of sums; zeros; CRC32C of the 508 bytes before (4).
 *
 * @param store which store it belongs to
 * @param generation of the store when it was written
 * @param direction which rows
 * @param encoding how ids are written
 * @param graphVertices ids are below it
 * @param firstVertex whose row is the first
 * @param vertexCount how many rows
 * @param entryCount of all rows
 * @param offsets where the rows start; unsigned 32 bits each, one more than rows
 * @param ids the rows
 * @param weights of the entries; empty where there are none
 * @param sums the table of sums
 */
record SegmentHeader(
    UUID store,
    long generation,
    Direction direction,
    Encoding encoding,
    int graphVertices,
    int firstVertex,
    int vertexCount,
    long entryCount,
    Section offsets,
    Section ids,
    Section weights,
    Section sums) {

  static final int BYTE_SIZE = 512;
  static final int BLOCK = 64 << 10;
  static final int FOOTER = 32;
  static final int ALIGNMENT = 64;

  private static final long MAGIC = 0x5253_436d_6276_6bL; // "kvbmCSR" and a zero
  private static final long FOOTER_MAGIC = 0x444e_456d_6276_6bL; // "kvbmEND" and a zero
  private static final int VERSION = 1;
  private static final int CRC_AT = 508;
  private static final int FOOTER_CRC_AT = 28;

  /** Which rows. */
  enum Direction {
    /** Where edges lead to. */
    OUT(0),
    /** Where they come from. */
    IN(1),
    /** Both: the graph is undirected. */
    BOTH(2);

    private final int code;

    Direction(int code) {
      this.code = code;
    }

    static @Nullable Direction of(int code) {
      for (Direction each : values()) {
        if (each.code == code) {
          return each;
        }
      }
      return null;
    }
  }

  /** How ids are written. */
  enum Encoding {
    /** 32 bits each. */
    PLAIN(0);

    private final int code;

    Encoding(int code) {
      this.code = code;
    }
  }

  /**
   * A part of the object.
   *
   * @param at where it starts
   * @param byteSize its length
   */
  record Section(long at, long byteSize) {
    long end() {
      return at + byteSize;
    }
  }

  /** {@return the header of rows with plain ids, with every section in its place} */
  static SegmentHeader plain(
      UUID store,
      long generation,
      Direction direction,
      int graphVertices,
      int firstVertex,
      int vertexCount,
      long entryCount,
      boolean weighted) {
    Section offsets = new Section(BYTE_SIZE, (vertexCount + 1L) * Integer.BYTES);
    Section ids = new Section(aligned(offsets.end()), entryCount * Integer.BYTES);
    Section weights = new Section(aligned(ids.end()), weighted ? entryCount * Integer.BYTES : 0);
    long body = aligned(weights.end()) - BYTE_SIZE;
    long blocks = (body + BLOCK - 1) / BLOCK;
    Section sums = new Section(BYTE_SIZE + body, blocks * Integer.BYTES);
    return new SegmentHeader(
        store,
        generation,
        direction,
        Encoding.PLAIN,
        graphVertices,
        firstVertex,
        vertexCount,
        entryCount,
        offsets,
        ids,
        weights,
        sums);
  }

  static long aligned(long at) {
    return at + ALIGNMENT - 1 & -ALIGNMENT;
  }

  boolean isWeighted() {
    return weights.byteSize > 0;
  }

  /** {@return bytes of the whole object} */
  long byteSize() {
    return sums.end() + FOOTER;
  }

  ByteBuffer write() {
    ByteBuffer bytes = ByteBuffer.allocate(BYTE_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(MAGIC).putInt(VERSION);
    bytes.put((byte) direction.code).put((byte) encoding.code);
    bytes.put((byte) (isWeighted() ? 1 : 0)).put((byte) 0);
    bytes.putLong(store.getMostSignificantBits()).putLong(store.getLeastSignificantBits());
    bytes.putLong(generation).putLong(graphVertices).putInt(firstVertex).putInt(vertexCount);
    bytes.putLong(entryCount);
    for (Section section : new Section[] {offsets, ids, weights, sums}) {
      bytes.putLong(section.at).putLong(section.byteSize);
    }
    return bytes.putInt(CRC_AT, crc(bytes.array(), CRC_AT)).rewind();
  }

  /**
   * {@return the last bytes: magic (8), bytes of the object (8), generation (8), CRC32C of the
   * table (4), CRC32C of the 28 bytes before (4)}
   */
  ByteBuffer writeFooter(int crcOfSums) {
    ByteBuffer bytes = ByteBuffer.allocate(FOOTER).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(FOOTER_MAGIC).putLong(byteSize()).putLong(generation).putInt(crcOfSums);
    return bytes.putInt(FOOTER_CRC_AT, crc(bytes.array(), FOOTER_CRC_AT)).rewind();
  }

  /** {@return the header that was written} */
  static SegmentHeader read(String key, byte[] bytes, long byteSize) {
    ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (header.getLong() != MAGIC) {
      throw damaged(key, "it is no segment");
    }
    int version = header.getInt();
    if (version != VERSION) {
      throw damaged(key, "its version is %d, this program reads %d".formatted(version, VERSION));
    }
    if (crc(bytes, CRC_AT) != header.getInt(CRC_AT)) {
      throw damaged(key, "its header is damaged");
    }
    Direction direction = Direction.of(header.get());
    int encoding = header.get();
    boolean weighted = header.get() == 1;
    header.get();
    if (direction == null || encoding != Encoding.PLAIN.code) {
      throw damaged(key, "its direction or encoding is unknown");
    }
    UUID store = new UUID(header.getLong(), header.getLong());
    long generation = header.getLong();
    long graphVertices = header.getLong();
    int firstVertex = header.getInt();
    int vertexCount = header.getInt();
    long entryCount = header.getLong();
    if (graphVertices < 0
        || graphVertices > Integer.MAX_VALUE
        || firstVertex < 0
        || vertexCount < 0
        || (long) firstVertex + vertexCount > graphVertices
        || entryCount < 0
        || entryCount >= 1L << Integer.SIZE) {
      throw damaged(key, "its counts have no sense");
    }
    SegmentHeader expected =
        plain(
            store,
            generation,
            direction,
            (int) graphVertices,
            firstVertex,
            vertexCount,
            entryCount,
            weighted && entryCount > 0);
    for (Section section :
        new Section[] {expected.offsets, expected.ids, expected.weights, expected.sums}) {
      if (header.getLong() != section.at || header.getLong() != section.byteSize) {
        throw damaged(key, "its sections are not where its counts put them");
      }
    }
    if (expected.byteSize() != byteSize) {
      throw damaged(key, "it has %d bytes instead of %d".formatted(byteSize, expected.byteSize()));
    }
    return expected;
  }

  /** {@return the CRC32C of the table of sums, as the footer has it} */
  int readFooter(String key, byte[] bytes) {
    ByteBuffer footer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (footer.getLong() != FOOTER_MAGIC
        || footer.getLong() != byteSize()
        || footer.getLong() != generation
        || crc(bytes, FOOTER_CRC_AT) != footer.getInt(FOOTER_CRC_AT)) {
      throw damaged(key, "its footer is damaged");
    }
    return footer.getInt(24);
  }

  private static int crc(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }

  static CorruptionException damaged(String key, String what) {
    return new CorruptionException(
        ErrorCode.CORRUPT, "segment '%s' cannot be read: %s".formatted(key, what));
  }
}
