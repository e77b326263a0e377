package io.kvbm.backend.disk.slab;

import io.kvbm.api.CapacityException;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.backend.disk.file.IoMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The bytes in flight: a bounded number of aligned buffers of one slot each. Whoever finds none
 * free waits in line without a thread.
 *
 * <p>A buffer whose operation was given up on stays lent until the device lets go of it. Where all
 * are lent to such operations, nobody waits: the device is stalled, and waiting has no end.
 *
 * <p>Threading: safe from any thread.
 */
final class SlotBuffers implements AutoCloseable {

  /** Waits for a buffer. */
  interface Borrower {
    /** Gets a buffer, which it gives back. */
    void start(MemorySegment buffer);

    /** Gets none: every buffer is in the hands of a device that does not answer. */
    void stalled();
  }

  private final MemoryBudget budget;
  private final long bufferByteSize;
  private final int limit;
  private final Arena arena;
  private final ArrayDeque<MemorySegment> free = new ArrayDeque<>();
  private final ArrayDeque<Borrower> line = new ArrayDeque<>();
  private final List<MemoryBudget.Reservation> reservations = new ArrayList<>();
  private final AtomicInteger missedRounds = new AtomicInteger();
  private int made;
  private int stalled;
  private boolean closed;

  /**
   * Makes the first buffer.
   *
   * @param arena what they live in; closed with them
   * @param budget what the buffers are taken from
   * @param bufferByteSize bytes of each
   * @param limit how many there may be, above 0
   * @throws CapacityException if the budget has no room for one
   */
  SlotBuffers(Arena arena, MemoryBudget budget, long bufferByteSize, int limit) {
    this.arena = arena;
    this.budget = budget;
    this.bufferByteSize = bufferByteSize;
    this.limit = limit;
    try {
      make(1);
    } catch (RuntimeException | OutOfMemoryError e) {
      arena.close();
      throw e;
    }
  }

  /** Makes buffers next to each other, all free. */
  private void make(int count) {
    long byteSize = count * bufferByteSize;
    MemoryBudget.Reservation reservation = budget.reserve(byteSize);
    try {
      MemorySegment memory = IoMemory.allocate(arena, byteSize);
      reservations.add(reservation);
      for (int i = count - 1; i >= 0; i--) {
        free.push(memory.asSlice(i * bufferByteSize, bufferByteSize));
      }
      made += count;
    } catch (OutOfMemoryError e) {
      reservation.close();
      throw e;
    }
  }

  /** Gives a buffer at once, or later, or says that none will come. */
  void lend(Borrower borrower) {
    MemorySegment buffer;
    synchronized (this) {
      buffer = line.isEmpty() ? take() : null;
      if (buffer == null && !isStalled()) {
        line.add(borrower);
        return;
      }
    }
    if (buffer == null) {
      borrower.stalled();
    } else {
      borrower.start(buffer);
    }
  }

  private @Nullable MemorySegment take() {
    if (free.isEmpty() && made < limit) {
      makeMore();
    }
    return free.poll();
  }

  /** Makes as many as fill a huge page, or one, or none: those there are come back. */
  private void makeMore() {
    int most = Math.min(limit - made, IoMemory.buffersAtOnce(bufferByteSize));
    for (int count : new int[] {most, 1}) {
      try {
        make(count);
        return;
      } catch (CapacityException | OutOfMemoryError e) {
        // less may go
      }
    }
  }

  private boolean isStalled() {
    return free.isEmpty() && stalled == made;
  }

  /** Notes that the operation with a lent buffer was given up on; the buffer stays lent. */
  void giveUp() {
    synchronized (this) {
      stalled++;
    }
    serveLine(); // there may be room for one more buffer
    List<Borrower> hopeless = List.of();
    synchronized (this) {
      if (isStalled()) {
        hopeless = new ArrayList<>(line);
        line.clear();
      }
    }
    hopeless.forEach(Borrower::stalled);
  }

  /**
   * Takes a buffer back.
   *
   * @param buffer what was lent
   * @param givenUp whether {@link #giveUp} was called for it
   */
  void giveBack(MemorySegment buffer, boolean givenUp) {
    synchronized (this) {
      free.push(buffer);
      if (givenUp) {
        stalled--;
      }
    }
    serveLine();
  }

  /** One thread serves at a time, in a loop: an operation that ends at once does not nest. */
  private void serveLine() {
    if (missedRounds.getAndIncrement() != 0) {
      return;
    }
    int rounds = 1;
    while (rounds != 0) {
      serveAll();
      rounds = missedRounds.addAndGet(-rounds);
    }
  }

  private void serveAll() {
    while (true) {
      Borrower next;
      MemorySegment buffer;
      synchronized (this) {
        if (line.isEmpty()) {
          return;
        }
        buffer = take();
        if (buffer == null) {
          return;
        }
        next = line.remove();
      }
      next.start(buffer);
    }
  }

  /** Frees the buffers. Called when none is lent; later calls do nothing. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      arena.close();
      reservations.forEach(MemoryBudget.Reservation::close);
    }
  }
}
