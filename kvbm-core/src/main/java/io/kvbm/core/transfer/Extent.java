package io.kvbm.core.transfer;

import io.kvbm.api.layout.Layout;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the bytes of blocks lie, in regions numbered alike on both sides of a copy. Slots and
 * regions count from 0.
 */
sealed interface Extent {

  /** {@return regions of a block} */
  int regions();

  Storage storage(int slot, int region);

  long offset(int slot, int region);

  /** {@return bytes of a block} */
  long byteSize(int slot);

  /** {@return whether a block is one run of bytes in order of its regions} */
  boolean isContiguous();

  /** {@return a block as regions to gather from or scatter to} */
  default List<Region> slices(int slot) {
    if (isContiguous()) {
      return List.of(storage(slot, 0).region().slice(offset(slot, 0), byteSize(slot)));
    }
    int count = regions();
    long regionByteSize = byteSize(slot) / count;
    List<Region> slices = new ArrayList<>(count);
    for (int region = 0; region < count; region++) {
      slices.add(storage(slot, region).region().slice(offset(slot, region), regionByteSize));
    }
    return slices;
  }

  /** Some layers of the blocks of a layout. */
  record Layers(Layout layout, int firstLayer, int layerCount) implements Extent {

    static Layers of(Layout layout, LayerRange range) {
      return new Layers(layout, range.first(), range.countIn(layout.config().numLayers()));
    }

    private int outerDim() {
      return layout.config().outerDim();
    }

    @Override
    public int regions() {
      return layerCount * outerDim();
    }

    @Override
    public Storage storage(int slot, int region) {
      return layout.storage(
          layout.storageIndex(slot, firstLayer + region / outerDim(), region % outerDim()));
    }

    @Override
    public long offset(int slot, int region) {
      return layout.offset(slot, firstLayer + region / outerDim(), region % outerDim());
    }

    @Override
    public long byteSize(int slot) {
      return layout.regionByteSize() * regions();
    }

    @Override
    public boolean isContiguous() {
      return layerCount == layout.config().numLayers() && layout.isBlockContiguous();
    }
  }

  /** Blocks that follow each other in one storage; the last may be shorter. */
  record Run(Storage storage, long baseOffset, long byteSize, long blockByteSize, int regions)
      implements Extent {

    @Override
    public Storage storage(int slot, int region) {
      return storage;
    }

    @Override
    public long offset(int slot, int region) {
      return baseOffset + slot * blockByteSize + region * (blockByteSize / regions);
    }

    @Override
    public long byteSize(int slot) {
      return Math.min(blockByteSize, byteSize - slot * blockByteSize);
    }

    @Override
    public boolean isContiguous() {
      return true;
    }
  }
}
