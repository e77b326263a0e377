package io.kvbm.backend.disk.slab;

import io.kvbm.api.block.BlockKey;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import org.jspecify.annotations.Nullable;

/**
 * What is looked at before the bytes of a slot are believed. Each check stands alone, so that tests
 * can leave one out and show that its absence is noticed.
 */
final class SlotChecks {

  private static final SlotChecks ALL = new SlotChecks(EnumSet.noneOf(SlotFault.class));

  private final EnumSet<SlotFault> skipped;

  private SlotChecks(EnumSet<SlotFault> skipped) {
    this.skipped = skipped;
  }

  /** {@return every check} */
  static SlotChecks all() {
    return ALL;
  }

  /** {@return every check but one: for tests that show what it is good for} */
  static SlotChecks without(SlotFault skipped) {
    return new SlotChecks(EnumSet.of(skipped));
  }

  private boolean isFault(SlotFault fault, boolean found) {
    return found && !skipped.contains(fault);
  }

  /**
   * {@return what is wrong with a header by itself, or null}
   *
   * @param page the header's page
   * @param extent the file it was read from
   * @param slot the slot it was read from
   */
  @Nullable SlotFault ofHeader(MemorySegment page, Extent extent, int slot) {
    if (!SlotHeader.isMarked(page) || isFault(SlotFault.HEADER, !DiskPages.isSealed(page))) {
      return SlotFault.HEADER;
    }
    SlotHeader header = SlotHeader.readFrom(page);
    if (isFault(
        SlotFault.FILE, header.fileHi() != extent.fileHi() || header.fileLo() != extent.fileLo())) {
      return SlotFault.FILE;
    }
    return isFault(SlotFault.SLOT, header.slot() != slot) ? SlotFault.SLOT : null;
  }

  /**
   * {@return what is wrong with a header that should be of a certain block, or null}
   *
   * @param header a header that is right by itself
   * @param key the block wanted
   * @param generation of the block wanted
   * @param fingerprint of the store
   * @param byteSize the block's length
   */
  @Nullable SlotFault ofBlock(
      SlotHeader header, BlockKey key, long generation, long fingerprint, long byteSize) {
    if (isFault(SlotFault.KEY, !header.key().equals(key))) {
      return SlotFault.KEY;
    }
    if (isFault(SlotFault.GENERATION, header.generation() != generation)) {
      return SlotFault.GENERATION;
    }
    if (isFault(SlotFault.FINGERPRINT, header.fingerprint() != fingerprint)) {
      return SlotFault.FINGERPRINT;
    }
    return isFault(SlotFault.LENGTH, header.bodyByteSize() != byteSize) ? SlotFault.LENGTH : null;
  }

  /** {@return what is wrong with a body, or null} */
  @Nullable SlotFault ofBody(SlotHeader header, MemorySegment body) {
    return isFault(SlotFault.BODY, header.bodyChecksum() != DiskPages.checksum(body))
        ? SlotFault.BODY
        : null;
  }
}
