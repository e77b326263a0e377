package io.kvbm.backend.disk.io;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The memory a ring knows beforehand: its pages are pinned once instead of for each operation. Used
 * by the ring's thread.
 */
final class BufferTable {

  /** The most the kernel takes in one place. */
  static final long MAX_BYTE_SIZE = 1L << 30;

  private static final int PLACES = 64;
  private static final int EINVAL = 22;
  private static final int RESERVATION_BYTE_SIZE = 32;
  private static final int UPDATE_BYTE_SIZE = 32;
  private static final int SPARSE = 1;

  private final Ring ring;
  private final int reservation;
  private final long[] starts = new long[PLACES];
  private final long[] ends = new long[PLACES];
  private int used;

  BufferTable(Ring ring) {
    this.ring = ring;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment argument = arena.allocate(RESERVATION_BYTE_SIZE, Long.BYTES);
      argument.set(JAVA_INT, 0, PLACES);
      argument.set(JAVA_INT, 4, SPARSE);
      this.reservation = ring.register(Ring.REGISTER_BUFFERS2, argument, RESERVATION_BYTE_SIZE);
    }
  }

  /** {@return the place of the buffer that holds the range, or -1} */
  int indexOf(long address, int length) {
    for (int i = 0; i < used; i++) {
      if (address >= starts[i] && address + length <= ends[i]) {
        return i;
      }
    }
    return -1;
  }

  /** Pins memory. {@return its place, or the negated error number} */
  int add(long address, long byteSize) {
    if (reservation < 0) {
      return reservation;
    }
    int place = 0;
    while (place < PLACES && ends[place] != 0) {
      place++;
    }
    if (place == PLACES) {
      return -EINVAL;
    }
    int result = set(place, address, byteSize);
    if (result < 0) {
      return result;
    }
    starts[place] = address;
    ends[place] = address + byteSize;
    used = Math.max(used, place + 1);
    return place;
  }

  void remove(int place) {
    starts[place] = 0;
    ends[place] = 0;
    set(place, 0, 0);
    while (used > 0 && ends[used - 1] == 0) {
      used--;
    }
  }

  private int set(int place, long address, long byteSize) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment vector = arena.allocate(2L * Long.BYTES, Long.BYTES);
      vector.set(JAVA_LONG, 0, address);
      vector.set(JAVA_LONG, 8, byteSize);
      MemorySegment update = arena.allocate(UPDATE_BYTE_SIZE, Long.BYTES);
      update.set(JAVA_INT, 0, place);
      update.set(JAVA_LONG, 8, vector.address());
      update.set(JAVA_INT, 24, 1);
      return ring.register(Ring.REGISTER_BUFFERS_UPDATE, update, UPDATE_BYTE_SIZE);
    }
  }
}
