package io.kvbm.core.pool;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.Locality;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.store.BlockStore;
import org.jspecify.annotations.Nullable;

/**
 * Where the bytes of a pool's blocks are: in a layout, in a store that keeps them by key, or on
 * other workers.
 *
 * @param shape the shape of a block
 * @param layout the layout, or null
 * @param store the store, or null
 */
record BlockBytes(LayoutConfig shape, @Nullable Layout layout, @Nullable BlockStore store) {

  Locality locality() {
    return layout == null && store == null ? Locality.LOGICAL : Locality.LOCAL;
  }

  /** The bytes of a (layer, outer) region. */
  <V> V layerView(int block, int layer, int outer, ViewFactory<V> factory) {
    Layout local = requireLayout();
    long offset = local.offset(block, layer, outer);
    return factory.create(
        local.storage(local.storageIndex(block, layer, outer)), offset, local.regionByteSize());
  }

  /** All bytes of a block. */
  <V> V blockView(int block, ViewFactory<V> factory) {
    Layout local = requireLayout();
    if (!local.isBlockContiguous()) {
      throw new CallerException(
          ErrorCode.UNSUPPORTED,
          "a " + local.type() + " layout keeps a block in several runs; use layer views");
    }
    return factory.create(
        local.storage(local.storageIndex(block, 0, 0)),
        local.offset(block, 0, 0),
        local.blockByteSize());
  }

  private Layout requireLayout() {
    if (layout != null) {
      return layout;
    }
    if (store != null) {
      throw new CallerException(
          ErrorCode.NOT_ACCESSIBLE,
          "blocks of this tier are kept by key; bring them to a tier with memory to view them");
    }
    throw new CallerException(
        ErrorCode.VIEWS_NOT_AVAILABLE_ON_LOGICAL_BLOCKS,
        "a logical block stands for shards on other workers and has no bytes to view");
  }

  /** Makes one of the view types. */
  @FunctionalInterface
  interface ViewFactory<V> {
    V create(Storage storage, long offset, long byteSize);
  }
}
