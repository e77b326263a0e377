package io.kvbm.backend.disk.object;

import java.lang.foreign.MemorySegment;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The first 128 bytes of a record: a group of operations that is in the log as a whole or not.
 *
 * @param store the store's identity
 * @param segment the number of the file it stands in
 * @param offset where it stands in the file
 * @param byteSize its length, whole pages
 * @param entryCount how many operations it has
 * @param firstSequence below the numbers of all its operations
 * @param lastSequence the highest number given out when it was written
 * @param syncedSequence records up to this number were durable when it was written
 * @param previousSegment where the record before it ends
 * @param previousEnd where the record before it ends
 * @param chain checksum over the headers of all records before it
 */
record RecordHeader(
    UUID store,
    long segment,
    long offset,
    long byteSize,
    int entryCount,
    long firstSequence,
    long lastSequence,
    long syncedSequence,
    long previousSegment,
    long previousEnd,
    int chain) {

  static final int BYTE_SIZE = 128;

  private static final int MAGIC = 0x4752564B; // KVRG
  private static final int AT_CRC = 124;

  void writeTo(MemorySegment target) {
    MemorySegment head = target.asSlice(0, BYTE_SIZE).fill((byte) 0);
    head.set(Format.INT, 0, MAGIC);
    head.set(Format.SHORT, 4, Format.VERSION);
    head.set(Format.LONG, 8, store.getMostSignificantBits());
    head.set(Format.LONG, 16, store.getLeastSignificantBits());
    head.set(Format.LONG, 24, segment);
    head.set(Format.LONG, 32, offset);
    head.set(Format.LONG, 40, byteSize);
    head.set(Format.INT, 48, entryCount);
    head.set(Format.INT, 52, chain);
    head.set(Format.LONG, 56, firstSequence);
    head.set(Format.LONG, 64, lastSequence);
    head.set(Format.LONG, 72, syncedSequence);
    head.set(Format.LONG, 80, previousSegment);
    head.set(Format.LONG, 88, previousEnd);
    head.set(Format.INT, AT_CRC, Format.crc(head.asSlice(0, AT_CRC)));
  }

  /**
   * {@return the chain's checksum behind a record: the one of its header, which has that of the
   * record before; a checksum over the whole header, itself included, would always be the same}
   */
  static int chainBehind(MemorySegment record) {
    return record.get(Format.INT, AT_CRC);
  }

  /** {@return whether two records follow the same record} */
  boolean continuesWhat(RecordHeader other) {
    return chain == other.chain
        && previousSegment == other.previousSegment
        && previousEnd == other.previousEnd;
  }

  /** {@return the header at the start of these bytes, or null if no intact one belongs there} */
  static @Nullable RecordHeader readFrom(
      MemorySegment source, UUID store, long segment, long offset) {
    if (source.get(Format.INT, 0) != MAGIC
        || source.get(Format.INT, AT_CRC) != Format.crc(source.asSlice(0, AT_CRC))) {
      return null;
    }
    int version = source.get(Format.SHORT, 4);
    if (version != Format.VERSION) {
      throw Format.corrupt(
          "a record has format version %d, this program reads %d; use a newer one"
              .formatted(version, Format.VERSION));
    }
    UUID found = new UUID(source.get(Format.LONG, 8), source.get(Format.LONG, 16));
    RecordHeader header =
        new RecordHeader(
            found,
            source.get(Format.LONG, 24),
            source.get(Format.LONG, 32),
            source.get(Format.LONG, 40),
            source.get(Format.INT, 48),
            source.get(Format.LONG, 56),
            source.get(Format.LONG, 64),
            source.get(Format.LONG, 72),
            source.get(Format.LONG, 80),
            source.get(Format.LONG, 88),
            source.get(Format.INT, 52));
    boolean echo =
        found.equals(store)
            && header.segment == segment
            && header.offset == offset
            && header.byteSize >= Format.PAGE
            && header.byteSize % Format.PAGE == 0
            && header.entryCount >= 0;
    return echo ? header : null;
  }
}
