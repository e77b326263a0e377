package io.kvbm.core.layout;

import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutDescriptor.StorageSpan;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.storage.Storage;
import java.util.List;

/** A layout in which every offset is a sum of index times stride. */
final class StridedLayout extends BoundLayout {

  private final long[] baseOffsets;
  private final long blockStride;
  private final long layerStride;
  private final long outerStride;

  /** All ones where the layer picks the storage, zero where there is one storage only. */
  private final int layerMask;

  private final boolean blockContiguous;

  StridedLayout(
      LayoutType type,
      LayoutConfig config,
      Strides strides,
      List<Storage> storages,
      List<StorageSpan> spans) {
    super(type, config, storages, spans);
    this.baseOffsets = spans.stream().mapToLong(StorageSpan::baseOffset).toArray();
    this.blockStride = strides.block();
    this.layerStride = strides.layer();
    this.outerStride = strides.outer();
    this.layerMask = strides.storagePerLayer() ? -1 : 0;
    this.blockContiguous =
        storages.size() == 1 && (config.outerDim() == 1 || outerStride == config.regionByteSize());
  }

  @Override
  public int storageIndex(int block, int layer, int outer) {
    checkIndices(block, layer, outer);
    return layer & layerMask;
  }

  @Override
  public long offset(int block, int layer, int outer) {
    checkIndices(block, layer, outer);
    return baseOffsets[layer & layerMask]
        + block * blockStride
        + layer * layerStride
        + outer * outerStride;
  }

  @Override
  public boolean isBlockContiguous() {
    return blockContiguous;
  }

  @Override
  List<Integer> pageTable() {
    return List.of();
  }
}
