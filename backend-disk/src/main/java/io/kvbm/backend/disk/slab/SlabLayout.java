package io.kvbm.backend.disk.slab;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;

/**
 * Where slots are: extents of equal slots behind two superblock pages. A slot is a header page and
 * room for a body of whole pages; the size of that room is the store's size class.
 *
 * @param slots slots of the store
 * @param bodyByteSize room for a body, whole pages
 * @param slotsPerExtent slots of a full extent
 */
record SlabLayout(int slots, long bodyByteSize, int slotsPerExtent) {

  /** An extent is no longer than this, so that files stay handy; one slot fits in any case. */
  static final long EXTENT_BYTE_SIZE = 1L << 30;

  /** Bytes before the first slot: two copies of the superblock. */
  static final long SLOTS_START = 2L * DiskPages.PAGE;

  static SlabLayout of(int slots, long slotByteSize) {
    return of(slots, slotByteSize, EXTENT_BYTE_SIZE);
  }

  static SlabLayout of(int slots, long slotByteSize, long extentByteSize) {
    try {
      long body = DiskPages.up(slotByteSize);
      long slot = Math.addExact(body, DiskPages.PAGE);
      Math.addExact(Math.multiplyExact(slot, (long) slots), SLOTS_START * slots);
      long perExtent = Math.max(1, (extentByteSize - SLOTS_START) / slot);
      return new SlabLayout(slots, body, (int) Math.min(Integer.MAX_VALUE, perExtent));
    } catch (ArithmeticException e) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "%d slots of %d bytes exceed 2^63-1 bytes".formatted(slots, slotByteSize),
          e);
    }
  }

  /** {@return bytes from one slot to the next} */
  long slotStride() {
    return bodyByteSize + DiskPages.PAGE;
  }

  int extents() {
    return Math.ceilDiv(slots, slotsPerExtent);
  }

  int extentOf(int slot) {
    return slot / slotsPerExtent;
  }

  int firstSlot(int extent) {
    return extent * slotsPerExtent;
  }

  int slotsOf(int extent) {
    return Math.min(slotsPerExtent, slots - firstSlot(extent));
  }

  long byteSizeOf(int extent) {
    return SLOTS_START + slotsOf(extent) * slotStride();
  }

  /** {@return where a slot starts in its extent} */
  long positionOf(int slot) {
    return SLOTS_START + (slot % slotsPerExtent) * slotStride();
  }
}
