package io.kvbm.core.layout;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutDescriptor;
import io.kvbm.api.layout.LayoutDescriptor.StorageSpan;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.storage.Storage;
import java.util.List;

/** What every layout has once it is bound: its shape, its storages and the index checks. */
abstract sealed class BoundLayout implements Layout permits StridedLayout, PagedLayout {

  private final LayoutType type;
  private final LayoutConfig config;
  private final Storage[] storages;
  private final List<StorageSpan> spans;
  private final int numBlocks;
  private final int numLayers;
  private final int outerDim;
  private final long regionByteSize;
  private final long blockByteSize;

  BoundLayout(
      LayoutType type, LayoutConfig config, List<Storage> storages, List<StorageSpan> spans) {
    this.type = type;
    this.config = config;
    this.storages = storages.toArray(new Storage[0]);
    this.spans = List.copyOf(spans);
    this.numBlocks = config.numBlocks();
    this.numLayers = config.numLayers();
    this.outerDim = config.outerDim();
    this.regionByteSize = config.regionByteSize();
    this.blockByteSize = config.blockByteSize();
  }

  @Override
  public final LayoutType type() {
    return type;
  }

  @Override
  public final LayoutConfig config() {
    return config;
  }

  @Override
  public final int storageCount() {
    return storages.length;
  }

  @Override
  public final Storage storage(int index) {
    if (index < 0 || index >= storages.length) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "storage index " + index + " is outside the layout's " + storages.length + " storages");
    }
    return storages[index];
  }

  @Override
  public final long regionByteSize() {
    return regionByteSize;
  }

  @Override
  public final long blockByteSize() {
    return blockByteSize;
  }

  @Override
  public final LayoutDescriptor descriptor() {
    return new LayoutDescriptor(LayoutDescriptor.VERSION, type, config, spans, pageTable());
  }

  /** {@return the page of each region in order, empty without a page table} */
  abstract List<Integer> pageTable();

  @Override
  public String toString() {
    return "%s layout of %d blocks of %d bytes in %d storages"
        .formatted(type, numBlocks, blockByteSize, storages.length);
  }

  final void checkIndices(int block, int layer, int outer) {
    if (block < 0 || block >= numBlocks) {
      throw outOfRange(ErrorCode.INVALID_BLOCK_INDEX, "block", block, numBlocks);
    }
    if (layer < 0 || layer >= numLayers) {
      throw outOfRange(ErrorCode.INVALID_LAYER_INDEX, "layer", layer, numLayers);
    }
    if (outer < 0 || outer >= outerDim) {
      throw outOfRange(ErrorCode.INVALID_OUTER_INDEX, "outer", outer, outerDim);
    }
  }

  private static CallerException outOfRange(ErrorCode code, String name, int index, int count) {
    return new CallerException(
        code, "%s index %d is outside 0 to %d".formatted(name, index, count - 1));
  }
}
