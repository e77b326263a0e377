package io.kvbm.backend.disk.slab;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What an extent says of itself, twice. The copy with the higher sequence that is whole holds.
 *
 * @param fileHi upper half of the file's UUID
 * @param fileLo lower half
 * @param sequence how often the superblock was written
 * @param extent the extent's number
 * @param slots slots it has
 * @param slotsPerExtent slots a full extent has
 * @param bodyByteSize room for a body
 * @param fingerprint of the store that made the file; each slot has its own, which decides
 */
record Superblock(
    long fileHi,
    long fileLo,
    long sequence,
    int extent,
    int slots,
    int slotsPerExtent,
    long bodyByteSize,
    long fingerprint) {

  /** "KVBMSLAB" read as a little-endian number. */
  static final long MAGIC = 0x42414C534D42564BL;

  static final int VERSION = 1;

  private static final int AT_VERSION = 8;
  private static final int AT_EXTENT = 12;
  private static final int AT_FILE_HI = 16;
  private static final int AT_FILE_LO = 24;
  private static final int AT_SEQUENCE = 32;
  private static final int AT_BODY_BYTE_SIZE = 40;
  private static final int AT_FINGERPRINT = 48;
  private static final int AT_SLOTS = 56;
  private static final int AT_SLOTS_PER_EXTENT = 60;

  /** Writes one copy, its checksum included. */
  void writeTo(MemorySegment page) {
    page.fill((byte) 0);
    page.set(DiskPages.LONG, 0, MAGIC);
    page.set(DiskPages.INT, AT_VERSION, VERSION);
    page.set(DiskPages.INT, AT_EXTENT, extent);
    page.set(DiskPages.LONG, AT_FILE_HI, fileHi);
    page.set(DiskPages.LONG, AT_FILE_LO, fileLo);
    page.set(DiskPages.LONG, AT_SEQUENCE, sequence);
    page.set(DiskPages.LONG, AT_BODY_BYTE_SIZE, bodyByteSize);
    page.set(DiskPages.LONG, AT_FINGERPRINT, fingerprint);
    page.set(DiskPages.INT, AT_SLOTS, slots);
    page.set(DiskPages.INT, AT_SLOTS_PER_EXTENT, slotsPerExtent);
    DiskPages.seal(page);
  }

  /** {@return what a copy says, or null if it is not whole or of another version} */
  static @Nullable Superblock readFrom(MemorySegment page) {
    if (page.get(DiskPages.LONG, 0) != MAGIC
        || page.get(DiskPages.INT, AT_VERSION) != VERSION
        || !DiskPages.isSealed(page)) {
      return null;
    }
    return new Superblock(
        page.get(DiskPages.LONG, AT_FILE_HI),
        page.get(DiskPages.LONG, AT_FILE_LO),
        page.get(DiskPages.LONG, AT_SEQUENCE),
        page.get(DiskPages.INT, AT_EXTENT),
        page.get(DiskPages.INT, AT_SLOTS),
        page.get(DiskPages.INT, AT_SLOTS_PER_EXTENT),
        page.get(DiskPages.LONG, AT_BODY_BYTE_SIZE),
        page.get(DiskPages.LONG, AT_FINGERPRINT));
  }

  /** {@return the copy that holds, or null if neither is whole} */
  static @Nullable Superblock newest(MemorySegment twoPages) {
    Superblock first = readFrom(twoPages.asSlice(0, DiskPages.PAGE));
    Superblock second = readFrom(twoPages.asSlice(DiskPages.PAGE, DiskPages.PAGE));
    if (first == null || second == null) {
      return first == null ? second : first;
    }
    return second.sequence > first.sequence ? second : first;
  }

  /** {@return whether the slots are where a layout expects them} */
  boolean fits(SlabLayout layout, int number) {
    return extent == number
        && bodyByteSize == layout.bodyByteSize()
        && slotsPerExtent == layout.slotsPerExtent();
  }

  Superblock next(int newSlots) {
    return new Superblock(
        fileHi, fileLo, sequence + 1, extent, newSlots, slotsPerExtent, bodyByteSize, fingerprint);
  }
}
