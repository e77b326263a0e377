package io.kvbm.core.transfer;

import io.kvbm.api.layout.Layout;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.store.BlockWrite;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The CRC32C of whole blocks, the same whatever the layout: over the regions in (layer, outer)
 * order, without padding, as stores keep them.
 */
public final class BlockChecksums {

  private BlockChecksums() {}

  /** {@return whether the CPU reaches every byte of a layout} */
  static boolean isHost(Layout layout) {
    for (int i = 0; i < layout.storageCount(); i++) {
      Storage storage = layout.storage(i);
      if (!storage.isHostAccessible() || !(storage.region() instanceof Region.HostRegion)) {
        return false;
      }
    }
    return true;
  }

  /**
   * {@return the CRC32C of a block's bytes, 0 to 2^32 - 1, or {@link BlockWrite#NO_CHECKSUM} where
   * the CPU does not reach them}
   *
   * @param layout where the block is; nobody writes it and its storages stay open meanwhile
   * @param slot its slot
   */
  public static long of(Layout layout, int slot) {
    if (!isHost(layout)) {
      return BlockWrite.NO_CHECKSUM;
    }
    return of(Extent.Layers.of(layout, LayerRange.ALL).slices(slot));
  }

  /** {@return the CRC32C of host regions, one after the other} */
  public static long of(List<Region> regions) {
    CRC32C sum = new CRC32C();
    for (Region region : regions) {
      MemorySegment bytes = ((Region.HostRegion) region).segment();
      for (long at = 0; at < bytes.byteSize(); at += Integer.MAX_VALUE) {
        long count = Math.min(Integer.MAX_VALUE, bytes.byteSize() - at);
        sum.update(bytes.asSlice(at, count).asByteBuffer());
      }
    }
    return sum.getValue();
  }
}
