package io.kvbm.backend.disk.object;

import io.kvbm.api.CapacityException;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.backend.disk.file.IoMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Memory for values of any size without gaps between them: cut into units, of which a value takes
 * as many as it needs, wherever they are. It grows up to its limit and is freed as a whole: an
 * arena for each value costs a handshake of all threads at its end.
 *
 * <p>Threading: safe from any thread; who reads or writes units owns them.
 */
final class CacheMemory implements AutoCloseable {

  /** Bytes of a unit. */
  static final int UNIT = 1 << 10;

  private static final int UNITS_AT_ONCE = (int) (IoMemory.HUGE_PAGE / UNIT);

  private final MemoryBudget budget;
  private final int limit;
  private final List<MemoryBudget.Reservation> reservations = new ArrayList<>();
  private final int[] free;
  private int freeCount;
  private int made;
  private volatile MemorySegment[] slabs = {};
  private @Nullable Arena arena;
  private boolean closed;

  /**
   * @param byteSize the most there will be
   * @param budget what it is taken from
   */
  CacheMemory(long byteSize, MemoryBudget budget) {
    this.budget = budget;
    this.limit = (int) Math.min(Integer.MAX_VALUE / 2, byteSize / UNIT);
    this.free = new int[limit];
  }

  /** {@return how many units a value takes} */
  static int unitsOf(long byteSize) {
    return Math.toIntExact(Math.ceilDiv(byteSize, UNIT));
  }

  /** {@return so many units, or null where there are not so many} */
  synchronized int @Nullable [] take(int count) {
    while (freeCount < count) {
      if (made == limit || !grow()) {
        return null;
      }
    }
    int[] units = new int[count];
    for (int i = 0; i < count; i++) {
      units[i] = free[--freeCount];
    }
    return units;
  }

  private boolean grow() {
    int count = Math.min(UNITS_AT_ONCE, limit - made);
    MemoryBudget.Reservation reservation;
    try {
      reservation = budget.reserve((long) count * UNIT);
    } catch (CapacityException e) {
      return false; // a cache is what there is room for
    }
    MemorySegment slab;
    try {
      if (arena == null) {
        arena = Arena.ofShared();
      }
      slab = IoMemory.allocate(arena, (long) count * UNIT);
    } catch (OutOfMemoryError e) {
      reservation.close();
      return false;
    }
    reservations.add(reservation);
    MemorySegment[] more = Arrays.copyOf(slabs, slabs.length + 1);
    more[slabs.length] = slab;
    slabs = more;
    for (int i = made + count - 1; i >= made; i--) {
      free[freeCount++] = i; // taken from the lowest on
    }
    made += count;
    return true;
  }

  synchronized void giveBack(int[] units) {
    for (int i = units.length - 1; i >= 0; i--) {
      free[freeCount++] = units[i]; // in the order they were taken
    }
  }

  /** Writes a value into the units that it took. */
  void write(int[] units, MemorySegment value) {
    copy(units, 0, value.byteSize(), value, true);
  }

  /** Reads bytes of a value. */
  void read(int[] units, long offset, MemorySegment target) {
    copy(units, offset, target.byteSize(), target, false);
  }

  private void copy(int[] units, long offset, long count, MemorySegment outside, boolean inwards) {
    long done = 0;
    while (done < count) {
      int index = (int) ((offset + done) / UNIT);
      int unit = units[index];
      int neighbours = neighboursAt(units, index);
      long within = (offset + done) % UNIT;
      long part = Math.min(count - done, (long) neighbours * UNIT - within);
      MemorySegment slab = slabs[unit / UNITS_AT_ONCE];
      long place = (long) (unit % UNITS_AT_ONCE) * UNIT + within;
      if (inwards) {
        MemorySegment.copy(outside, done, slab, place, part);
      } else {
        MemorySegment.copy(slab, place, outside, done, part);
      }
      done += part;
    }
  }

  /** {@return how many units from one on lie next to each other} */
  private static int neighboursAt(int[] units, int index) {
    int first = units[index];
    int count = 1;
    while (index + count < units.length
        && units[index + count] == first + count
        && (first + count) % UNITS_AT_ONCE != 0) {
      count++;
    }
    return count;
  }

  /** Frees it all. Called when nobody reads; later calls do nothing. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      if (arena != null) {
        arena.close();
      }
      reservations.forEach(MemoryBudget.Reservation::close);
    }
  }
}
