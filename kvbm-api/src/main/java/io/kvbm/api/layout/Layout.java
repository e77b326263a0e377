package io.kvbm.api.layout;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;

/**
 * Where each (block, layer, outer) region lies. A layout is bound to its storages and immutable
 * after that; it does not own them.
 *
 * <p>Indices count from 0; an index at or above its count fails with {@link
 * ErrorCode#INVALID_BLOCK_INDEX}, {@link ErrorCode#INVALID_LAYER_INDEX} or {@link
 * ErrorCode#INVALID_OUTER_INDEX}. Threading: safe from any thread.
 */
@Stability(Stability.Level.STABLE)
public interface Layout {

  /** {@return the arrangement} */
  LayoutType type();

  /** {@return the shape} */
  LayoutConfig config();

  /** {@return how many storages the blocks lie in} */
  int storageCount();

  /**
   * {@return one of the storages}
   *
   * @param index below {@link #storageCount()}
   */
  Storage storage(int index);

  /**
   * {@return which storage holds a region}
   *
   * @param block block index
   * @param layer layer index
   * @param outer outer index
   * @throws CallerException if an index is out of range
   */
  int storageIndex(int block, int layer, int outer);

  /**
   * {@return where a region starts in its storage, in bytes}
   *
   * @param block block index
   * @param layer layer index
   * @param outer outer index
   * @throws CallerException if an index is out of range
   */
  long offset(int block, int layer, int outer);

  /**
   * {@return the address of a region: its storage's address plus its offset; for files the offset}
   *
   * @param block block index
   * @param layer layer index
   * @param outer outer index
   * @throws CallerException if an index is out of range
   */
  default long address(int block, int layer, int outer) {
    return storage(storageIndex(block, layer, outer)).address() + offset(block, layer, outer);
  }

  /**
   * {@return a region of {@link #regionByteSize()} bytes}
   *
   * @param block block index
   * @param layer layer index
   * @param outer outer index
   * @throws CallerException if an index is out of range
   */
  default Region region(int block, int layer, int outer) {
    return storage(storageIndex(block, layer, outer))
        .region()
        .slice(offset(block, layer, outer), regionByteSize());
  }

  /** {@return whether a whole block is one run of bytes in (layer, outer) order without gaps} */
  boolean isBlockContiguous();

  /** {@return bytes of one (layer, outer) region, without padding} */
  default long regionByteSize() {
    return config().regionByteSize();
  }

  /** {@return bytes of one block, without padding} */
  default long blockByteSize() {
    return config().blockByteSize();
  }

  /** {@return a description from which the same regions can be found again} */
  LayoutDescriptor descriptor();
}
