package io.kvbm.core.layout;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutDescriptor.StorageSpan;
import java.util.Arrays;
import java.util.List;

/** The pages of a paged layout's storages, numbered from 0 on through all of them. */
final class PageSpace {

  private final long pageByteSize;
  private final long[] baseOffsets;
  private final int[] firstPages;
  private final int pageCount;

  PageSpace(LayoutConfig config, List<StorageSpan> spans) {
    this.pageByteSize = pageByteSize(config);
    this.baseOffsets = new long[spans.size()];
    this.firstPages = new int[spans.size()];
    int count = 0;
    for (int i = 0; i < spans.size(); i++) {
      StorageSpan span = spans.get(i);
      long pages = (span.byteSize() - span.baseOffset()) / pageByteSize;
      // Numbers are 32 bits wide; no table can name a page beyond them.
      pages = Math.min(pages, Integer.MAX_VALUE - count);
      if (pages == 0) {
        throw new ConfigurationException(
            ErrorCode.INVALID_CONFIG,
            "storage %d of a paged layout adds no page of %d bytes".formatted(i, pageByteSize));
      }
      baseOffsets[i] = span.baseOffset();
      firstPages[i] = count;
      count += (int) pages;
    }
    this.pageCount = count;
  }

  /** {@return bytes of a page: one region, padded to the alignment} */
  static long pageByteSize(LayoutConfig config) {
    return Strides.alignUp(config.regionByteSize(), config.alignment());
  }

  /** {@return how many pages a layout of this shape takes} */
  static int regionCount(LayoutConfig config) {
    long regions = (long) config.numBlocks() * config.numLayers() * config.outerDim();
    if (regions > Integer.MAX_VALUE - 8) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "a page table of " + regions + " regions is too long; use another layout type");
    }
    return (int) regions;
  }

  long pageByteSize() {
    return pageByteSize;
  }

  int storageOf(int page) {
    if (firstPages.length == 1) {
      return 0;
    }
    int found = Arrays.binarySearch(firstPages, page);
    return found >= 0 ? found : -found - 2;
  }

  long offsetOf(int page) {
    int storage = storageOf(page);
    return baseOffsets[storage] + (page - firstPages[storage]) * pageByteSize;
  }

  /** Checks that every region has a page of its own that lies in a storage. */
  void check(LayoutConfig config, int[] pageTable) {
    int regions = regionCount(config);
    if (pageTable.length != regions) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "page table has %d entries, the layout %d regions".formatted(pageTable.length, regions));
    }
    int[] sorted = pageTable.clone();
    Arrays.sort(sorted);
    if (sorted[0] < 0 || sorted[regions - 1] >= pageCount) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "page table names page %d, the storages have pages 0 to %d"
              .formatted(sorted[0] < 0 ? sorted[0] : sorted[regions - 1], pageCount - 1));
    }
    for (int i = 1; i < regions; i++) {
      if (sorted[i] == sorted[i - 1]) {
        throw new ConfigurationException(
            ErrorCode.INVALID_CONFIG, "page table names page " + sorted[i] + " twice");
      }
    }
  }
}
