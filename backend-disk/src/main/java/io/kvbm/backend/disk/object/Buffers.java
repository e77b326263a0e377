package io.kvbm.backend.disk.object;

import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.backend.disk.file.IoMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Aligned memory for the time of an operation. There are four sizes to each power of two; some of
 * what is given back is kept: to map memory anew costs more than to read into it. Threading: safe
 * from any thread.
 */
final class Buffers implements AutoCloseable {

  private static final long LEAST = 16 << 10;
  private static final long MOST_KEPT = 64L << 20;

  private final Supplier<Arena> arenas;
  private final MemoryBudget budget;
  private final TreeMap<Long, ArrayDeque<Buffer>> free = new TreeMap<>();
  private long keptByteSize;
  private boolean closed;

  /**
   * Keeps nothing yet.
   *
   * @param arenas where memory is from
   * @param budget what it is taken from
   */
  Buffers(Supplier<Arena> arenas, MemoryBudget budget) {
    this.arenas = arenas;
    this.budget = budget;
  }

  /** Borrowed memory; closing gives it back. */
  static final class Buffer implements AutoCloseable {
    private final Buffers owner;
    private final Arena arena;
    private final MemoryBudget.Reservation reservation;
    private final MemorySegment memory;

    private Buffer(Buffers owner, long byteSize) {
      this.owner = owner;
      this.reservation = owner.budget.reserve(byteSize);
      this.arena = owner.arenas.get();
      try {
        this.memory = IoMemory.allocate(arena, byteSize);
      } catch (OutOfMemoryError e) {
        reservation.close();
        throw e;
      }
    }

    MemorySegment memory() {
      return memory;
    }

    private void free() {
      arena.close();
      reservation.close();
    }

    @Override
    public void close() {
      owner.giveBack(this);
    }
  }

  /** {@return at least so many bytes, whatever was in them} */
  Buffer borrow(long byteSize) {
    long rounded = rounded(byteSize);
    synchronized (this) {
      ArrayDeque<Buffer> kept = free.get(rounded);
      Buffer buffer = kept == null ? null : kept.poll();
      if (buffer != null) {
        keptByteSize -= rounded;
        return buffer;
      }
    }
    return new Buffer(this, rounded);
  }

  private static long rounded(long byteSize) {
    if (byteSize <= LEAST) {
      return LEAST;
    }
    long step = Long.highestOneBit(byteSize - 1) / 4;
    return (byteSize + step - 1) / step * step;
  }

  private void giveBack(Buffer buffer) {
    long byteSize = buffer.memory.byteSize();
    ArrayDeque<Buffer> over = new ArrayDeque<>();
    synchronized (this) {
      if (closed || byteSize > MOST_KEPT) {
        over.add(buffer);
      } else {
        keptByteSize += byteSize;
        free.computeIfAbsent(byteSize, _ -> new ArrayDeque<>()).push(buffer);
        takeOver(byteSize, over);
      }
    }
    over.forEach(Buffer::free);
  }

  /** Takes out what is too much, that of other sizes first: this one is in use. */
  private void takeOver(long byteSize, ArrayDeque<Buffer> over) {
    for (Map.Entry<Long, ArrayDeque<Buffer>> kept : free.descendingMap().entrySet()) {
      if (kept.getKey() != byteSize) {
        takeOver(kept.getValue(), over);
      }
    }
    ArrayDeque<Buffer> own = free.get(byteSize);
    if (own != null) {
      takeOver(own, over);
    }
  }

  private void takeOver(ArrayDeque<Buffer> from, ArrayDeque<Buffer> over) {
    while (keptByteSize > MOST_KEPT && !from.isEmpty()) {
      Buffer last = from.removeLast();
      keptByteSize -= last.memory.byteSize();
      over.add(last);
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    free.values().forEach(kept -> kept.forEach(Buffer::free));
    free.clear();
  }
}
