package io.kvbm.backend.disk;

import io.kvbm.api.CapacityException;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.backend.disk.file.Pages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

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
        MemorySegment buffer = free.poll();
        if (buffer == null) {
          buffer = tryMake();
        }
        if (buffer != null) {
          return new Loan(this, buffer);
        }
        returned.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  private @Nullable MemorySegment tryMake() {
    if (reservations.size() == limit) {
      return null;
    }
    MemoryBudget.Reservation reservation = null;
    try {
      reservation = budget.reserve(BUFFER_BYTE_SIZE);
      MemorySegment made = arena.allocate(BUFFER_BYTE_SIZE, Pages.ALIGNMENT);
      reservations.add(reservation);
      return made;
    } catch (CapacityException | OutOfMemoryError e) {
      if (reservation != null) {
        reservation.close();
      }
      if (reservations.isEmpty()) {
        throw e;
      }
      return null; // One that is lent comes back.
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
