package io.kvbm.backend.disk.slab;

import io.kvbm.api.store.BlockStore;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Changes what is stored behind the back of a store. */
public final class SlabDamage {

  private SlabDamage() {}

  /** Flips the bits of the first byte of a block's body. */
  public static void flip(BlockStore store, int slot) {
    SlabStore slab = (SlabStore) store;
    long position = slab.layout().positionOf(slot) + DiskPages.PAGE;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment page = arena.allocate(DiskPages.PAGE, DiskPages.PAGE);
      slab.extentOf(slot).file().readFully(position, page);
      page.set(ValueLayout.JAVA_BYTE, 0, (byte) ~page.get(ValueLayout.JAVA_BYTE, 0));
      slab.extentOf(slot).file().writeFully(position, page);
    }
  }
}
