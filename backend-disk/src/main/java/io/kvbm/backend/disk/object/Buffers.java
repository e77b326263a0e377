package io.kvbm.backend.disk.object;

import io.kvbm.api.spi.MemoryBudget;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Aligned memory for the time of an operation. Sizes are powers of two; some of what is given back
 * is kept. Threading: safe from any thread.
 */
final class Buffers implements AutoCloseable {

  private static final long LEAST = 16 << 10;
  private static final long MOST_KEPT = 32L << 20;

  private final Supplier<Arena> arenas;
  private final MemoryBudget budget;
  private final Map<Long, ArrayDeque<Buffer>> free = new HashMap<>();
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
        this.memory = arena.allocate(byteSize, Format.PAGE);
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
    long rounded = Math.max(LEAST, Long.highestOneBit(Math.max(1, byteSize - 1)) << 1);
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

  private void giveBack(Buffer buffer) {
    long byteSize = buffer.memory.byteSize();
    synchronized (this) {
      if (!closed && keptByteSize + byteSize <= MOST_KEPT) {
        keptByteSize += byteSize;
        free.computeIfAbsent(byteSize, _ -> new ArrayDeque<>()).push(buffer);
        return;
      }
    }
    buffer.free();
  }

  @Override
  public synchronized void close() {
    closed = true;
    free.values().forEach(kept -> kept.forEach(Buffer::free));
    free.clear();
  }
}
