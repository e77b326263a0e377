package io.kvbm.backend.disk;

import io.kvbm.api.CapacityException;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.backend.disk.file.IoMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A bounded number of aligned buffers, made as they are needed and kept until the pool is closed.
 *
 * <p>Threading: safe from any thread. A thread borrows one buffer at a time, so that waiting for
 * one always ends.
 */
final class BufferPool implements AutoCloseable {

  /** Bytes in a buffer. */
  static final long BUFFER_BYTE_SIZE = 1L << 20;

  private final MemoryBudget budget;
  private final int limit;
  private final Arena arena = Arena.ofShared();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition returned = lock.newCondition();
  private final ArrayDeque<MemorySegment> free = new ArrayDeque<>();
  private final List<MemoryBudget.Reservation> reservations = new ArrayList<>();
  private int made;
  private boolean closed;

  /**
   * @param budget what the buffers are taken from
   * @param limit how many buffers there may be, above 0
   */
  BufferPool(MemoryBudget budget, int limit) {
    this.budget = budget;
    this.limit = limit;
  }

  /**
   * {@return a buffer, after waiting for one if all are lent; closing it gives it back}
   *
   * @throws CapacityException if the memory budget has no room for the first one
   */
  Loan borrow() {
    lock.lock();
    try {
      while (true) {
        if (free.isEmpty() && made < limit) {
          makeMore();
        }
        MemorySegment buffer = free.poll();
        if (buffer != null) {
          return new Loan(this, buffer);
        }
        returned.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Makes as many as fill a huge page, or one, or none where others come back. */
  private void makeMore() {
    try {
      make(Math.min(limit - made, IoMemory.buffersAtOnce(BUFFER_BYTE_SIZE)));
    } catch (CapacityException | OutOfMemoryError e) {
      makeOne();
    }
  }

  private void makeOne() {
    try {
      make(1);
    } catch (CapacityException | OutOfMemoryError e) {
      if (made == 0) {
        throw e;
      }
    }
  }

  private void make(int count) {
    MemoryBudget.Reservation reservation = budget.reserve(count * BUFFER_BYTE_SIZE);
    try {
      MemorySegment memory = IoMemory.allocate(arena, count * BUFFER_BYTE_SIZE);
      reservations.add(reservation);
      for (int i = count - 1; i >= 0; i--) {
        free.push(memory.asSlice(i * BUFFER_BYTE_SIZE, BUFFER_BYTE_SIZE));
      }
      made += count;
    } catch (OutOfMemoryError e) {
      reservation.close();
      throw e;
    }
  }

  private void giveBack(MemorySegment buffer) {
    lock.lock();
    try {
      free.push(buffer);
      returned.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Frees the buffers. Called when none is lent; later calls do nothing. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (!closed) {
        closed = true;
        arena.close();
        reservations.forEach(MemoryBudget.Reservation::close);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * A borrowed buffer.
   *
   * @param pool whose it is
   * @param buffer its bytes, with what the last borrower left in them
   */
  record Loan(BufferPool pool, MemorySegment buffer) implements AutoCloseable {
    @Override
    public void close() {
      pool.giveBack(buffer);
    }
  }
}
