package io.kvbm.backend.disk.log;

import io.kvbm.api.store.Log;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Goes through the records of a segment, comparing every checksum, until the end, a bad record or a
 * place where to stop. For one thread.
 */
final class SegmentScan {

  /** Stops at the first thing that is no record. */
  static final long TO_THE_END = -1;

  private final SegmentReader reader;
  private final SegmentHeader header;
  private final LogChecks checks;
  private final Frame frame = new Frame();

  private long end = SegmentHeader.PAGE;
  private int chain;
  private long firstRecord = -1;
  private long lastRecord = -1;
  private boolean closing;
  private boolean stopped;
  private @Nullable String damage;

  SegmentScan(SegmentReader reader, SegmentHeader header, LogChecks checks) {
    this.reader = reader;
    this.header = header;
    this.checks = checks;
    this.chain = header.crc();
  }

  /** {@return the byte behind the last thing that is sound} */
  long end() {
    return end;
  }

  int chain() {
    return chain;
  }

  /** {@return the first number, or -1 where there is no record} */
  long firstRecord() {
    return firstRecord;
  }

  /** {@return the last number, or -1 where there is no record} */
  long lastRecord() {
    return lastRecord;
  }

  /** {@return the highest number up to the end, also of earlier segments} */
  long last() {
    return lastRecord < 0 ? header.firstSequence() - 1 : lastRecord;
  }

  /** {@return whether the last thing says that the log was closed} */
  boolean isClosed() {
    return closing;
  }

  /** {@return whether the one who took the records wanted no more} */
  boolean isStopped() {
    return stopped;
  }

  /** {@return what is wrong at {@link #end}; null where zeros follow, or nothing} */
  @Nullable String damage() {
    return damage;
  }

  /**
   * Goes on until it has to end.
   *
   * @param stop where a later segment says this one ends, or {@link #TO_THE_END}
   * @param from records below this number are not handed out
   * @param taker takes the records, or null
   */
  void run(long stop, long from, Log.@Nullable RecordReader taker) {
    while (!stopped && damage == null && end != stop) {
      long position = Group.pages(end);
      if (position + Frame.GROUP_BYTE_SIZE > reader.byteSize()) {
        damage = stop == TO_THE_END ? null : "it ends before byte " + stop;
        return;
      }
      if (!group(position, stop, from, taker)) {
        return;
      }
    }
  }

  /** {@return whether there was a group and all of it is sound} */
  private boolean group(long position, long stop, long from, Log.@Nullable RecordReader taker) {
    if (Frame.length(reader.bytes(position, Frame.GROUP_BYTE_SIZE)) == 0 && stop == TO_THE_END) {
      reader.forget();
      if (Frame.length(reader.bytes(position, Frame.GROUP_BYTE_SIZE)) == 0) {
        return false;
      }
    }
    String wrong = wrongWithGroup(position);
    if (wrong != null) {
      reader.forget(); // once more: a read may have gone astray
      wrong = wrongWithGroup(position);
    }
    if (wrong != null) {
      damage = wrong;
      return false;
    }
    MemorySegment head = reader.bytes(position, Frame.GROUP_BYTE_SIZE);
    int count = Frame.count(head);
    chain = Frame.rollingCrc(head);
    closing = Frame.type(head) == Frame.CLOSING;
    long groupEnd = position + Frame.length(head);
    end = position + Frame.GROUP_BYTE_SIZE;
    for (int i = 0; i < count && !stopped && end != stop; i++) {
      if (!record(groupEnd, from, taker)) {
        return false;
      }
    }
    return true;
  }

  private @Nullable String wrongWithGroup(long position) {
    MemorySegment head = reader.bytes(position, Frame.GROUP_BYTE_SIZE);
    int type = Frame.type(head);
    long length = Frame.length(head);
    if (type != Frame.GROUP && type != Frame.CLOSING) {
      return "no group of records begins there";
    }
    if (checks.checksums()
        && !frame.isHeader(head, Frame.GROUP_BYTE_SIZE, header.crc(), position)) {
      return "the checksum of a group's header is wrong";
    }
    if (length < Frame.GROUP_BYTE_SIZE || position > header.byteSize() - length) {
      return "a group is %d bytes long".formatted(length);
    }
    if (checks.checksums()
        && frame.rolling(head, Frame.GROUP_BYTE_SIZE, chain) != Frame.rollingCrc(head)) {
      return "a group does not belong behind the record before it";
    }
    return null;
  }

  private boolean record(long groupEnd, long from, Log.@Nullable RecordReader taker) {
    String wrong = wrongWithRecord(groupEnd);
    if (wrong != null) {
      reader.forget();
      wrong = wrongWithRecord(groupEnd);
    }
    if (wrong != null) {
      damage = wrong;
      return false;
    }
    MemorySegment head = reader.bytes(end, Frame.RECORD_BYTE_SIZE);
    long length = Frame.length(head);
    long sequence = Frame.sequence(head);
    chain = Frame.rollingCrc(head);
    firstRecord = firstRecord < 0 ? sequence : firstRecord;
    lastRecord = sequence;
    if (taker != null && sequence >= from) {
      MemorySegment payload =
          reader.bytes(end, length).asSlice(Frame.RECORD_BYTE_SIZE).asReadOnly();
      stopped = !taker.accept(sequence, payload);
    }
    end += (length + 7) & -8L;
    return true;
  }

  private @Nullable String wrongWithRecord(long groupEnd) {
    if (end + Frame.RECORD_BYTE_SIZE > Math.min(groupEnd, reader.byteSize())) {
      return "a record is missing";
    }
    MemorySegment head = reader.bytes(end, Frame.RECORD_BYTE_SIZE);
    long length = Frame.length(head);
    if (Frame.type(head) != Frame.RECORD) {
      return "no record begins there";
    }
    if (checks.checksums() && !frame.isHeader(head, Frame.RECORD_BYTE_SIZE, header.crc(), end)) {
      return "the checksum of a record's header is wrong";
    }
    if (length < Frame.RECORD_BYTE_SIZE || length > Math.min(groupEnd, reader.byteSize()) - end) {
      return "a record is %d bytes long".formatted(length);
    }
    if (Frame.sequence(head) <= last()) {
      return "record %d comes behind record %d".formatted(Frame.sequence(head), last());
    }
    MemorySegment whole = reader.bytes(end, length);
    if (checks.checksums()
        && frame.rolling(whole, Frame.RECORD_BYTE_SIZE, chain) != Frame.rollingCrc(whole)) {
      return "the checksum of record %d is wrong".formatted(Frame.sequence(whole));
    }
    return null;
  }

  /**
   * Looks behind the end, at every page a group could begin on.
   *
   * @return what is there
   */
  Tail tail() {
    long synced = -1;
    long behindLast = end;
    for (long page = end & -SegmentHeader.PAGE;
        page < reader.byteSize();
        page += SegmentHeader.PAGE) {
      MemorySegment bytes = reader.bytes(page, SegmentHeader.PAGE);
      long skipped = Math.max(0, end - page);
      if (isZero(bytes.asSlice(skipped))) {
        continue;
      }
      behindLast = page + SegmentHeader.PAGE;
      if (page >= end && isGroup(bytes, page)) {
        synced = Math.max(synced, Frame.syncedUpTo(bytes));
      }
    }
    return new Tail(behindLast, synced);
  }

  private boolean isGroup(MemorySegment bytes, long position) {
    int type = Frame.type(bytes);
    return (type == Frame.GROUP || type == Frame.CLOSING)
        && frame.isHeader(bytes, Frame.GROUP_BYTE_SIZE, header.crc(), position);
  }

  private static final MemorySegment ZEROS =
      java.lang.foreign.Arena.global().allocate(SegmentHeader.PAGE);

  private static boolean isZero(MemorySegment bytes) {
    return bytes.mismatch(ZEROS.asSlice(0, bytes.byteSize())) < 0;
  }

  /**
   * What is behind the sound part of a segment.
   *
   * @param end behind the last byte that is not zero, rounded up to a page; the end of the sound
   *     part where there is none
   * @param syncedUpTo the highest number that a group in it knew to be synced, or -1
   */
  record Tail(long end, long syncedUpTo) {}
}
