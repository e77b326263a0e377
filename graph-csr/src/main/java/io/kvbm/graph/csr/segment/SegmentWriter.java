package io.kvbm.graph.csr.segment;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.ObjectWriter;
import io.kvbm.api.store.PutOptions;
import io.kvbm.graph.csr.adjacency.Adjacency;
import io.kvbm.graph.csr.adjacency.RowCursor;
import io.kvbm.graph.csr.segment.SegmentHeader.Direction;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;
import java.util.zip.CRC32C;

/** Writes rows as an object, piece by piece; nobody sees it before it is whole. */
final class SegmentWriter implements AutoCloseable {

  private final ObjectWriter object;
  private final SegmentHeader header;
  private final ByteBuffer block =
      ByteBuffer.allocate(SegmentHeader.BLOCK).order(ByteOrder.LITTLE_ENDIAN);
  private final ByteBuffer sums;
  private long at = SegmentHeader.BYTE_SIZE;

  private SegmentWriter(ObjectWriter object, SegmentHeader header) {
    this.object = object;
    this.header = header;
    this.sums = ByteBuffer.allocate((int) header.sums().byteSize()).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Writes the rows of a range of vertices.
   *
   * @param store takes the object
   * @param key the object's
   * @param options durability and condition
   * @param owner the store it belongs to
   * @param generation of the store
   * @param direction which rows
   * @param rows all rows of the graph
   * @param from the first vertex
   * @param to behind the last
   */
  static SegmentHeader write(
      ObjectStore store,
      String key,
      PutOptions options,
      UUID owner,
      long generation,
      Direction direction,
      Adjacency rows,
      int from,
      int to) {
    long entries = rows.rowStart(to) - rows.rowStart(from);
    if (entries >= 1L << Integer.SIZE) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "the rows of vertices %d to %d have %d entries; make segments of fewer vertices"
              .formatted(from, to - 1, entries),
          entries,
          (1L << Integer.SIZE) - 1);
    }
    SegmentHeader header =
        SegmentHeader.plain(
            owner,
            generation,
            direction,
            rows.vertexCount(),
            from,
            to - from,
            entries,
            rows.isWeighted());
    try (SegmentWriter writer = new SegmentWriter(store.writer(key, options), header)) {
      writer.object.write(MemorySegment.ofBuffer(header.write()));
      writer.writeRows(rows, from, to);
      writer.finish();
    }
    return header;
  }

  private void writeRows(Adjacency rows, int from, int to) {
    long first = rows.rowStart(from);
    for (int v = from; v <= to; v++) {
      put((int) (rows.rowStart(v) - first));
    }
    RowCursor cursor = rows.cursor();
    pad(header.ids().at());
    for (int v = from; v < to; v++) {
      cursor.seek(v);
      do {
        put(cursor.ids(), cursor.from(), cursor.to());
      } while (cursor.next());
    }
    pad(header.weights().at());
    for (int v = from; header.isWeighted() && v < to; v++) {
      cursor.seek(v);
      do {
        put(cursor.weights(), cursor.from(), cursor.to());
      } while (cursor.next());
    }
    pad(header.sums().at());
  }

  private void put(int value) {
    block.putInt(value);
    at += Integer.BYTES;
    if (!block.hasRemaining()) {
      flush();
    }
  }

  private void put(int[] values, int from, int to) {
    int next = from;
    while (next < to) {
      int count = Math.min(to - next, block.remaining() / Integer.BYTES);
      block.asIntBuffer().put(values, next, count);
      block.position(block.position() + count * Integer.BYTES);
      at += (long) count * Integer.BYTES;
      next += count;
      if (!block.hasRemaining()) {
        flush();
      }
    }
  }

  private void pad(long to) {
    while (at < to) {
      put(0);
    }
  }

  private void flush() {
    if (block.position() == 0) {
      return;
    }
    block.flip();
    CRC32C crc = new CRC32C();
    crc.update(block.duplicate());
    sums.putInt((int) crc.getValue());
    object.write(MemorySegment.ofBuffer(block));
    block.clear();
  }

  private void finish() {
    flush();
    sums.flip();
    CRC32C crc = new CRC32C();
    crc.update(sums.duplicate());
    object.write(MemorySegment.ofBuffer(sums));
    object.write(MemorySegment.ofBuffer(header.writeFooter((int) crc.getValue())));
    object.commit();
  }

  @Override
  public void close() {
    object.close();
  }
}
