package io.kvbm.backend.system;

import io.kvbm.api.CapacityException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The records of one log, packed into chunks of memory. A chunk is freed when the last record in it
 * was dropped and nobody reads in it. Threading: safe from any thread.
 */
final class LogRecords {

  /** The most bytes of a record, and those of a chunk. */
  static final long CHUNK_BYTE_SIZE = 1 << 20;

  private static final long CHUNK_ALIGNMENT = 64;

  private final StoreMemory memory;
  private final ArrayDeque<LogRecord> records = new ArrayDeque<>();
  private long next = 1;
  private @Nullable SharedBlock chunk;
  private long chunkUsed;

  LogRecords(StoreMemory memory) {
    this.memory = memory;
  }

  /**
   * A record; it holds its chunk.
   *
   * @param sequence its number
   * @param chunk where it is, or null where it has no bytes
   * @param bytes what it is
   */
  record LogRecord(long sequence, @Nullable SharedBlock chunk, MemorySegment bytes) {
    void retain() {
      if (chunk != null) {
        chunk.retain();
      }
    }

    void release() {
      if (chunk != null) {
        chunk.release();
      }
    }
  }

  /**
   * Copies a record to the end.
   *
   * @return its number
   * @throws CapacityException if there is no memory; nothing was appended
   */
  synchronized long append(MemorySegment record) {
    long byteSize = record.byteSize();
    if (byteSize == 0) {
      records.add(new LogRecord(next, null, MemorySegment.NULL.asReadOnly()));
      return next++;
    }
    SharedBlock target = chunkWithRoomFor(byteSize);
    MemorySegment place = target.segment().asSlice(chunkUsed, byteSize);
    place.copyFrom(record);
    chunkUsed += byteSize;
    target.retain();
    records.add(new LogRecord(next, target, place.asReadOnly()));
    return next++;
  }

  private SharedBlock chunkWithRoomFor(long byteSize) {
    SharedBlock current = chunk;
    if (current != null && chunkUsed + byteSize <= CHUNK_BYTE_SIZE) {
      return current;
    }
    SharedBlock fresh = new SharedBlock(memory.reserve(CHUNK_BYTE_SIZE, CHUNK_ALIGNMENT));
    if (current != null) {
      current.release();
    }
    chunk = fresh;
    chunkUsed = 0;
    return fresh;
  }

  synchronized long nextSequence() {
    return next;
  }

  synchronized long firstSequence() {
    return records.isEmpty() ? next : records.getFirst().sequence();
  }

  /** {@return the records from a number on, in order, each held for the caller} */
  synchronized List<LogRecord> holdFrom(long sequence) {
    List<LogRecord> held = new ArrayList<>();
    for (LogRecord record : records) {
      if (record.sequence() >= sequence) {
        record.retain();
        held.add(record);
      }
    }
    return held;
  }

  synchronized void truncateBefore(long sequence) {
    while (!records.isEmpty() && records.getFirst().sequence() < sequence) {
      records.removeFirst().release();
    }
  }

  /** Lets go of everything. */
  synchronized void clear() {
    truncateBefore(Long.MAX_VALUE);
    if (chunk != null) {
      chunk.release();
      chunk = null;
    }
  }
}
