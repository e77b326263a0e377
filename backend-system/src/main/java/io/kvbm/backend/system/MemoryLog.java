package io.kvbm.backend.system;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.Gate;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.Log;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A log in host memory. Its records outlive the log and go with the backend: there is nothing more
 * durable here, so every {@link Durability} is met, or not, by the time {@code append} returns. For
 * tests and for what need not survive.
 */
final class MemoryLog implements Log {

  private final LogRecords records;
  private final OpenStores open;
  private final Gate gate;

  MemoryLog(String location, LogRecords records, OpenStores open) {
    this.records = records;
    this.open = open;
    this.gate = new Gate("log '" + location + "'");
  }

  @Override
  public CompletionStage<Long> append(MemorySegment record, Durability durability) {
    Objects.requireNonNull(durability, "durability");
    gate.enter();
    try {
      if (record.byteSize() > maxRecordByteSize()) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT,
            "a record of %d bytes is longer than %d; split it"
                .formatted(record.byteSize(), maxRecordByteSize()));
      }
      return CompletableFuture.completedStage(records.append(record));
    } catch (CapacityException e) {
      return CompletableFuture.failedStage(e);
    } finally {
      gate.leave();
    }
  }

  @Override
  public long maxRecordByteSize() {
    return LogRecords.CHUNK_BYTE_SIZE;
  }

  @Override
  public long nextSequence() {
    return records.nextSequence();
  }

  @Override
  public long firstSequence() {
    return records.firstSequence();
  }

  @Override
  public long replay(long fromSequence, RecordReader reader) {
    gate.enter();
    try {
      long behind = Math.max(fromSequence, records.firstSequence());
      List<LogRecords.LogRecord> held = records.holdFrom(fromSequence);
      try {
        for (LogRecords.LogRecord record : held) {
          boolean goOn = reader.accept(record.sequence(), record.bytes());
          behind = record.sequence() + 1;
          if (!goOn) {
            break;
          }
        }
      } finally {
        held.forEach(LogRecords.LogRecord::release);
      }
      return behind;
    } finally {
      gate.leave();
    }
  }

  @Override
  public void truncateBefore(long beforeSequence) {
    gate.enter();
    try {
      records.truncateBefore(beforeSequence);
    } finally {
      gate.leave();
    }
  }

  @Override
  public void sync() {
    gate.enter(); // there is nothing to sync, but a closed log says so
    gate.leave();
  }

  @Override
  public void close() {
    if (gate.close()) {
      open.forget(this);
    }
  }
}
