package io.kvbm.backend.disk.slab;

import io.kvbm.api.block.BlockKey;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The first page of a slot: says whose bytes follow and how to check them. Layout in {@code
 * docs/formats.md}.
 *
 * @param fileHi upper half of the file's UUID
 * @param fileLo lower half of the file's UUID
 * @param slot the slot it was written to, counted over all files of the store
 * @param key the block
 * @param parent the block before it, or null
 * @param fingerprint hash scheme, model and layout
 * @param generation of the slot's content
 * @param priority kept for recovery
 * @param bodyByteSize bytes that follow
 * @param bodyChecksum their CRC32C
 */
record SlotHeader(
    long fileHi,
    long fileLo,
    long slot,
    BlockKey key,
    @Nullable BlockKey parent,
    long fingerprint,
    long generation,
    int priority,
    long bodyByteSize,
    int bodyChecksum) {

  /** "KVBMSLOT" read as a little-endian number. */
  static final long MAGIC = 0x544F4C534D42564BL;

  static final int VERSION = 1;

  private static final int HAS_PARENT = 1;

  private static final int AT_VERSION = 8;
  private static final int AT_FLAGS = 12;
  private static final int AT_FILE_HI = 16;
  private static final int AT_FILE_LO = 24;
  private static final int AT_SLOT = 32;
  private static final int AT_KEY_HI = 40;
  private static final int AT_KEY_LO = 48;
  private static final int AT_PARENT_HI = 56;
  private static final int AT_PARENT_LO = 64;
  private static final int AT_FINGERPRINT = 72;
  private static final int AT_GENERATION = 80;
  private static final int AT_BODY_BYTE_SIZE = 88;
  private static final int AT_PRIORITY = 96;
  private static final int AT_BODY_CHECKSUM = 100;

  /** Writes the whole page, its checksum included. */
  void writeTo(MemorySegment page) {
    page.fill((byte) 0);
    page.set(DiskPages.LONG, 0, MAGIC);
    page.set(DiskPages.INT, AT_VERSION, VERSION);
    page.set(DiskPages.INT, AT_FLAGS, parent == null ? 0 : HAS_PARENT);
    page.set(DiskPages.LONG, AT_FILE_HI, fileHi);
    page.set(DiskPages.LONG, AT_FILE_LO, fileLo);
    page.set(DiskPages.LONG, AT_SLOT, slot);
    page.set(DiskPages.LONG, AT_KEY_HI, key.hi());
    page.set(DiskPages.LONG, AT_KEY_LO, key.lo());
    page.set(DiskPages.LONG, AT_PARENT_HI, parent == null ? 0 : parent.hi());
    page.set(DiskPages.LONG, AT_PARENT_LO, parent == null ? 0 : parent.lo());
    page.set(DiskPages.LONG, AT_FINGERPRINT, fingerprint);
    page.set(DiskPages.LONG, AT_GENERATION, generation);
    page.set(DiskPages.LONG, AT_BODY_BYTE_SIZE, bodyByteSize);
    page.set(DiskPages.INT, AT_PRIORITY, priority);
    page.set(DiskPages.INT, AT_BODY_CHECKSUM, bodyChecksum);
    DiskPages.seal(page);
  }

  /** {@return whether a page begins as a header of this version does} */
  static boolean isMarked(MemorySegment page) {
    return page.get(DiskPages.LONG, 0) == MAGIC && page.get(DiskPages.INT, AT_VERSION) == VERSION;
  }

  /** {@return what a page says; whether it may be believed is {@link SlotChecks}' to say} */
  static SlotHeader readFrom(MemorySegment page) {
    boolean hasParent = (page.get(DiskPages.INT, AT_FLAGS) & HAS_PARENT) != 0;
    return new SlotHeader(
        page.get(DiskPages.LONG, AT_FILE_HI),
        page.get(DiskPages.LONG, AT_FILE_LO),
        page.get(DiskPages.LONG, AT_SLOT),
        new BlockKey(page.get(DiskPages.LONG, AT_KEY_HI), page.get(DiskPages.LONG, AT_KEY_LO)),
        hasParent
            ? new BlockKey(
                page.get(DiskPages.LONG, AT_PARENT_HI), page.get(DiskPages.LONG, AT_PARENT_LO))
            : null,
        page.get(DiskPages.LONG, AT_FINGERPRINT),
        page.get(DiskPages.LONG, AT_GENERATION),
        page.get(DiskPages.INT, AT_PRIORITY),
        page.get(DiskPages.LONG, AT_BODY_BYTE_SIZE),
        page.get(DiskPages.INT, AT_BODY_CHECKSUM));
  }
}
