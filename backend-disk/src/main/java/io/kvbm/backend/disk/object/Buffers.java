package io.kvbm.backend.disk.object;

import io.kvbm.api.CapacityException;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.backend.disk.file.IoMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Aligned memory for the time of an operation. There are four sizes to each power of two; some of
 * what is given back is kept: to map memory anew costs more than to read into it. Of a size that is
 * asked for often, a whole huge page is cut into buffers: a device moves such memory as one piece,
 * ordinary pages one by one. Threading: safe from any thread.
 */
final class Buffers implements AutoCloseable {

  private static final long LEAST = 16 << 10;
  private static final long MOST_KEPT = 64L << 20;

  /** How often a size is asked for before it gets huge pages; to zero one takes a while. */
  private static final int OFTEN = 64;

  private final Supplier<Arena> arenas;
  private final MemoryBudget budget;
  private final TreeMap<Long, Shelf> shelves = new TreeMap<>();
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
    private final Chunk chunk;
    private final MemorySegment memory;

    private Buffer(Buffers owner, Chunk chunk, MemorySegment memory) {
      this.owner = owner;
      this.chunk = chunk;
      this.memory = memory;
    }

    MemorySegment memory() {
      return memory;
    }

    @Override
    public void close() {
      owner.giveBack(chunk, memory);
    }
  }

  /** Buffers of one size. */
  private static final class Shelf {
    private final ArrayDeque<Chunk> available = new ArrayDeque<>();
    private int asked;

    boolean isBusy() {
      return asked >= OFTEN;
    }
  }

  /** Memory that is mapped and freed at once: one buffer, or as many as a huge page holds. */
  private static final class Chunk {
    private final Arena arena;
    private final MemoryBudget.Reservation reservation;
    private final long bufferByteSize;
    private final int count;
    private final ArrayDeque<MemorySegment> free;

    /**
     * @throws CapacityException if the budget does not have it
     */
    Chunk(Buffers owner, long bufferByteSize, int count) {
      this.bufferByteSize = bufferByteSize;
      this.count = count;
      this.free = new ArrayDeque<>(count);
      long byteSize = count == 1 ? bufferByteSize : IoMemory.HUGE_PAGE;
      this.reservation = owner.budget.reserve(byteSize);
      this.arena = owner.arenas.get();
      try {
        MemorySegment memory = IoMemory.allocate(arena, byteSize);
        for (int i = count - 1; i >= 0; i--) {
          free.push(memory.asSlice(i * bufferByteSize, bufferByteSize));
        }
      } catch (OutOfMemoryError e) {
        reservation.close();
        throw e;
      }
    }

    long byteSize() {
      return count * bufferByteSize;
    }

    boolean isIdle() {
      return free.size() == count;
    }

    void unmap() {
      arena.close();
      reservation.close();
    }
  }

  /** {@return at least so many bytes, whatever was in them} */
  Buffer borrow(long byteSize) {
    long rounded = rounded(byteSize);
    boolean busy;
    synchronized (this) {
      Shelf shelf = shelves.computeIfAbsent(rounded, _ -> new Shelf());
      shelf.asked = Math.min(OFTEN, shelf.asked + 1);
      busy = shelf.isBusy();
      Chunk chunk = shelf.available.peek();
      if (chunk != null) {
        if (chunk.isIdle()) {
          keptByteSize -= chunk.byteSize();
        }
        return take(shelf, chunk);
      }
    }
    Chunk made = make(rounded, busy);
    synchronized (this) {
      Shelf shelf = shelves.computeIfAbsent(rounded, _ -> new Shelf());
      shelf.available.push(made);
      return take(shelf, made);
    }
  }

  private Buffer take(Shelf shelf, Chunk chunk) {
    MemorySegment memory = chunk.free.pop();
    if (chunk.free.isEmpty()) {
      shelf.available.remove(chunk);
    }
    return new Buffer(this, chunk, memory);
  }

  private Chunk make(long rounded, boolean busy) {
    int count = busy ? (int) Math.max(1, IoMemory.HUGE_PAGE / rounded) : 1;
    try {
      return new Chunk(this, rounded, count);
    } catch (CapacityException e) {
      freeIdle(); // The one that is needed may still fit.
      return new Chunk(this, rounded, 1);
    }
  }

  private void freeIdle() {
    List<Chunk> idle = new ArrayList<>();
    synchronized (this) {
      for (Shelf shelf : shelves.values()) {
        shelf.available.stream().filter(Chunk::isIdle).forEach(idle::add);
        shelf.available.removeAll(idle);
      }
      keptByteSize = 0;
    }
    idle.forEach(Chunk::unmap);
  }

  private static long rounded(long byteSize) {
    if (byteSize <= LEAST) {
      return LEAST;
    }
    if (byteSize > IoMemory.HUGE_PAGE / 2 && byteSize <= IoMemory.HUGE_PAGE) {
      return IoMemory.HUGE_PAGE;
    }
    long step = Long.highestOneBit(byteSize - 1) / 4;
    return (byteSize + step - 1) / step * step;
  }

  private void giveBack(Chunk chunk, MemorySegment memory) {
    List<Chunk> over = new ArrayList<>();
    synchronized (this) {
      chunk.free.push(memory);
      Shelf shelf = shelves.computeIfAbsent(chunk.bufferByteSize, _ -> new Shelf());
      if (chunk.isIdle() && (closed || isUnwanted(chunk, shelf))) {
        shelf.available.remove(chunk);
        over.add(chunk);
      } else {
        if (chunk.free.size() == 1) {
          shelf.available.push(chunk);
        }
        if (chunk.isIdle()) {
          keptByteSize += chunk.byteSize();
          takeOver(shelf, over);
        }
      }
    }
    over.forEach(Chunk::unmap);
  }

  /** {@return whether it is too much to keep, or was made before huge pages were worth it} */
  private static boolean isUnwanted(Chunk chunk, Shelf shelf) {
    boolean single = chunk.count == 1 && chunk.bufferByteSize <= IoMemory.HUGE_PAGE / 2;
    return chunk.byteSize() > MOST_KEPT || (single && shelf.isBusy());
  }

  /** Takes out what is too much, that of other sizes first: this one is in use. */
  private void takeOver(Shelf inUse, List<Chunk> over) {
    for (Shelf shelf : shelves.descendingMap().values()) {
      if (shelf != inUse) {
        takeIdle(shelf, over);
      }
    }
    takeIdle(inUse, over);
  }

  private void takeIdle(Shelf shelf, List<Chunk> over) {
    Iterator<Chunk> oldestFirst = shelf.available.descendingIterator();
    while (keptByteSize > MOST_KEPT && oldestFirst.hasNext()) {
      Chunk chunk = oldestFirst.next();
      if (chunk.isIdle()) {
        oldestFirst.remove();
        keptByteSize -= chunk.byteSize();
        over.add(chunk);
      }
    }
  }

  /** Frees what nobody has; what is still borrowed is freed when it is given back. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    freeIdle();
  }
}
