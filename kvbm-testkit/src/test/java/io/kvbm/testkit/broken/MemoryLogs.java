package io.kvbm.testkit.broken;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.Log;
import io.kvbm.api.store.LogFactory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/** Keeps logs on the heap soundly, as long as its backend is open. */
class MemoryLogs implements LogFactory {

  private final ReferenceState state;
  private final Map<String, Records> logs = new ConcurrentHashMap<>();

  MemoryLogs(ReferenceState state) {
    this.state = state;
  }

  /** The records of one location. */
  static final class Records {
    final TreeMap<Long, byte[]> bySequence = new TreeMap<>();
    long next = 1;
    long first = 1;
  }

  @Override
  public String storageKind() {
    return "system";
  }

  @Override
  public Log open(String location) {
    state.requireOpen();
    return new OpenLog(logs.computeIfAbsent(location, _ -> new Records()));
  }

  /** {@return the numbers to be replayed, in the order of the replay} */
  List<Long> order(List<Long> sequences) {
    return sequences;
  }

  /** Drops records below a number. */
  void truncate(Records records, long before) {
    records.bySequence.headMap(before, false).clear();
  }

  /** Called when a log is closed. */
  void closed(Records records) {}

  private final class OpenLog implements Log {
    private final Records records;
    private volatile boolean closed;

    OpenLog(Records records) {
      this.records = records;
    }

    private void requireOpen() {
      state.requireOpen();
      if (closed) {
        throw new ClosedException(ErrorCode.CLOSED, "the log is closed");
      }
    }

    @Override
    public CompletionStage<Long> append(MemorySegment record, Durability durability) {
      requireOpen();
      if (record.byteSize() > maxRecordByteSize()) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT, "a record of " + record.byteSize() + " bytes is too long");
      }
      synchronized (records) {
        records.bySequence.put(records.next, record.toArray(ValueLayout.JAVA_BYTE));
        return CompletableFuture.completedFuture(records.next++);
      }
    }

    @Override
    public long maxRecordByteSize() {
      return 1 << 20;
    }

    @Override
    public long nextSequence() {
      synchronized (records) {
        return records.next;
      }
    }

    @Override
    public long firstSequence() {
      synchronized (records) {
        return records.first;
      }
    }

    @Override
    public long replay(long fromSequence, RecordReader reader) {
      requireOpen();
      long behind = fromSequence;
      List<Long> sequences;
      synchronized (records) {
        sequences = new ArrayList<>(records.bySequence.tailMap(fromSequence, true).keySet());
      }
      for (long sequence : order(sequences)) {
        MemorySegment record = MemorySegment.ofArray(records.bySequence.get(sequence)).asReadOnly();
        behind = sequence + 1;
        if (!reader.accept(sequence, record)) {
          break;
        }
      }
      return behind;
    }

    @Override
    public void truncateBefore(long beforeSequence) {
      requireOpen();
      synchronized (records) {
        truncate(records, beforeSequence);
        records.first = Math.clamp(beforeSequence, records.first, records.next);
      }
    }

    @Override
    public void sync() {
      requireOpen();
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        synchronized (records) {
          MemoryLogs.this.closed(records);
        }
      }
    }
  }
}
