package io.kvbm.graph.csr.segment;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.MappedObject;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.graph.csr.adjacency.RowSegment;
import io.kvbm.graph.csr.segment.SegmentHeader.Section;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * A segment of a store, whose header, footer and table of sums were read and are right. Its rows
 * are read only with their sums.
 */
final class SegmentFile {

  private static final int BLOCKS_AT_ONCE = 16;

  private final ObjectStore store;
  private final String key;
  private final SegmentHeader header;
  private final ByteBuffer sums;

  private SegmentFile(ObjectStore store, String key, SegmentHeader header, ByteBuffer sums) {
    this.store = store;
    this.key = key;
    this.header = header;
    this.sums = sums;
  }

  /**
   * Opens a segment.
   *
   * @param store has it
   * @param key the object's
   * @param owner the store it must belong to
   * @throws CorruptionException if it is missing, damaged or another store's
   */
  static SegmentFile open(ObjectStore store, String key, UUID owner) {
    Optional<ObjectStat> stat = store.stat(key);
    if (stat.isEmpty()) {
      throw SegmentHeader.damaged(key, "there is no such object");
    }
    long byteSize = stat.get().byteSize();
    if (byteSize < SegmentHeader.BYTE_SIZE + SegmentHeader.FOOTER) {
      throw SegmentHeader.damaged(key, "it has %d bytes only".formatted(byteSize));
    }
    byte[] first = bytes(store, key, 0, SegmentHeader.BYTE_SIZE);
    SegmentHeader header = SegmentHeader.read(key, first, byteSize);
    if (!header.store().equals(owner)) {
      throw SegmentHeader.damaged(
          key, "it belongs to store %s, this is %s".formatted(header.store(), owner));
    }
    Section table = header.sums();
    int crc = header.readFooter(key, bytes(store, key, table.end(), SegmentHeader.FOOTER));
    byte[] sums = bytes(store, key, table.at(), (int) table.byteSize());
    if (crc(MemorySegment.ofArray(sums)) != crc) {
      throw SegmentHeader.damaged(key, "its table of sums is damaged");
    }
    return new SegmentFile(
        store, key, header, ByteBuffer.wrap(sums).order(ByteOrder.LITTLE_ENDIAN));
  }

  private static byte[] bytes(ObjectStore store, String key, long at, int count) {
    byte[] bytes = new byte[count];
    Optional<Long> read =
        count == 0
            ? Optional.of(0L)
            : store.getRange(key, at, new Region.HostRegion(MemorySegment.ofArray(bytes)));
    if (read.isEmpty() || read.get() != count) {
      throw SegmentHeader.damaged(key, "it ended while it was read");
    }
    return bytes;
  }

  private static int crc(MemorySegment bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.asByteBuffer());
    return (int) crc.getValue();
  }

  SegmentHeader header() {
    return header;
  }

  /**
   * {@return the rows, copied outside the heap and verified}
   *
   * @param arena whose memory they take
   */
  RowSegment read(Arena arena) {
    long length = header.sums().at() - SegmentHeader.BYTE_SIZE;
    MemorySegment body = arena.allocate(length, SegmentHeader.ALIGNMENT);
    long step = (long) BLOCKS_AT_ONCE * SegmentHeader.BLOCK;
    for (long at = 0; at < length; at += step) {
      readVerified(at, body.asSlice(at, Math.min(step, length - at)));
    }
    RowSegment rows = rows(body, SegmentHeader.BYTE_SIZE);
    requireRows(rows);
    return rows;
  }

  /**
   * {@return the rows where the store maps them; they are verified first, through reads: a fault
   * under a mapping would end the JVM. Empty if the store cannot map them}
   */
  Optional<Mapped> map() {
    Optional<MappedObject> mapped = store.map(key);
    if (mapped.isEmpty()) {
      return Optional.empty();
    }
    MappedObject object = mapped.get();
    try {
      if (object.segment().byteSize() != header.byteSize()) {
        throw SegmentHeader.damaged(key, "it was replaced while it was opened");
      }
      verify();
      return Optional.of(new Mapped(object, rows(object.segment(), 0)));
    } catch (RuntimeException e) {
      object.close();
      throw e;
    }
  }

  /**
   * Rows in a mapping.
   *
   * @param object closing it ends the rows
   * @param rows in it
   */
  record Mapped(MappedObject object, RowSegment rows) {}

  /** Reads and verifies everything. */
  void verify() {
    try (Arena arena = Arena.ofConfined()) {
      read(arena);
    }
  }

  private void readVerified(long at, MemorySegment target) {
    Optional<Long> read =
        store.getRange(key, SegmentHeader.BYTE_SIZE + at, new Region.HostRegion(target));
    if (read.isEmpty() || read.get() != target.byteSize()) {
      throw SegmentHeader.damaged(key, "it ended while it was read");
    }
    int first = (int) (at / SegmentHeader.BLOCK);
    for (long from = 0; from < target.byteSize(); from += SegmentHeader.BLOCK) {
      long length = Math.min(SegmentHeader.BLOCK, target.byteSize() - from);
      int block = first + (int) (from / SegmentHeader.BLOCK);
      if (crc(target.asSlice(from, length)) != sums.getInt(block * Integer.BYTES)) {
        throw SegmentHeader.damaged(key, "block %d is damaged".formatted(block));
      }
    }
  }

  private RowSegment rows(MemorySegment memory, long startsAt) {
    return new RowSegment(
        slice(memory, header.offsets(), startsAt),
        slice(memory, header.ids(), startsAt),
        slice(memory, header.weights(), startsAt));
  }

  private static MemorySegment slice(MemorySegment memory, Section section, long startsAt) {
    return memory.asSlice(
        section.byteSize() == 0 ? 0 : section.at() - startsAt, section.byteSize());
  }

  private void requireRows(RowSegment rows) {
    long last = 0;
    for (long v = 0; v <= header.vertexCount(); v++) {
      long offset = Integer.toUnsignedLong(rows.offsets().getAtIndex(ValueLayout.JAVA_INT, v));
      if (offset < last || v == 0 && offset != 0) {
        throw SegmentHeader.damaged(key, "the row of its vertex %d ends early".formatted(v));
      }
      last = offset;
    }
    if (last != header.entryCount()) {
      throw SegmentHeader.damaged(key, "its rows end before its entries");
    }
    for (long v = 0, at = 0; v < header.vertexCount(); v++) {
      long end = Integer.toUnsignedLong(rows.offsets().getAtIndex(ValueLayout.JAVA_INT, v + 1));
      for (int before = 0; at < end; at++) {
        int id = rows.ids().getAtIndex(ValueLayout.JAVA_INT, at);
        if (id < before || id >= header.graphVertices()) {
          throw SegmentHeader.damaged(
              key, "the row of its vertex %d has %d out of order".formatted(v, id));
        }
        before = id;
      }
    }
  }
}
