package io.kvbm.core.layout;

import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutDescriptor.StorageSpan;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.storage.Storage;
import java.util.Arrays;
import java.util.List;

/**
 * A layout that looks the page of every region up in a table; pages count on from one storage to
 * the next.
 */
final class PagedLayout extends BoundLayout {

  private final int[] pages;
  private final PageSpace space;
  private final int numLayers;
  private final int outerDim;
  private final boolean blockContiguous;

  /** The table was checked against the space and belongs to this layout. */
  PagedLayout(
      LayoutConfig config,
      List<Storage> storages,
      List<StorageSpan> spans,
      PageSpace space,
      int[] pages) {
    super(LayoutType.PAGED, config, storages, spans);
    this.pages = pages;
    this.space = space;
    this.numLayers = config.numLayers();
    this.outerDim = config.outerDim();
    this.blockContiguous = everyBlockIsOneRun();
  }

  @Override
  public int storageIndex(int block, int layer, int outer) {
    checkIndices(block, layer, outer);
    return space.storageOf(page(block, layer, outer));
  }

  @Override
  public long offset(int block, int layer, int outer) {
    checkIndices(block, layer, outer);
    return space.offsetOf(page(block, layer, outer));
  }

  @Override
  public boolean isBlockContiguous() {
    return blockContiguous;
  }

  @Override
  List<Integer> pageTable() {
    return Arrays.stream(pages).boxed().toList();
  }

  private int page(int block, int layer, int outer) {
    return pages[(block * numLayers + layer) * outerDim + outer];
  }

  private boolean everyBlockIsOneRun() {
    int regions = numLayers * outerDim;
    if (regions > 1 && space.pageByteSize() != regionByteSize()) {
      return false;
    }
    for (int i = 1; i < pages.length; i++) {
      boolean sameBlock = i % regions != 0;
      if (sameBlock
          && (pages[i] != pages[i - 1] + 1
              || space.storageOf(pages[i]) != space.storageOf(pages[i - 1]))) {
        return false;
      }
    }
    return true;
  }
}
