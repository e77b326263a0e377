package io.kvbm.testkit.broken;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutDescriptor;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.storage.Storage;
import java.util.List;

/** Lays blocks one after the other into one storage, each aligned. */
class PlainLayouts implements LayoutProvider {

  private static final LayoutType TYPE = new LayoutType("plain");

  @Override
  public LayoutType type() {
    return TYPE;
  }

  @Override
  public List<Long> storageByteSizes(LayoutConfig config) {
    try {
      return List.of(Math.multiplyExact(stride(config), (long) config.numBlocks()));
    } catch (ArithmeticException e) {
      throw refused("blocks of " + config + " need more than 2^63 bytes");
    }
  }

  long stride(LayoutConfig config) {
    return Math.multiplyExact(
        Math.ceilDiv(config.blockByteSize(), config.alignment()), config.alignment());
  }

  @Override
  public Layout bind(LayoutConfig config, List<Storage> storages) {
    if (storages.size() != 1) {
      throw refused("blocks lie in one storage, not in " + storages.size());
    }
    Storage storage = storages.getFirst();
    if (storage.byteSize() < storageByteSizes(config).getFirst()) {
      throw refused("storage of " + storage.byteSize() + " bytes is too small");
    }
    return new PlainLayout(config, storage);
  }

  @Override
  public Layout restore(LayoutDescriptor descriptor, List<Storage> storages) {
    if (!descriptor.type().equals(TYPE)) {
      throw refused("a descriptor of type " + descriptor.type() + " is no plain layout");
    }
    return bind(descriptor.config(), storages);
  }

  private static ConfigurationException refused(String message) {
    return new ConfigurationException(ErrorCode.INVALID_CONFIG, message);
  }

  /** The address a layout gives for an offset. */
  long address(Storage storage, long offset) {
    return storage.address() + offset;
  }

  private final class PlainLayout implements Layout {
    private final LayoutConfig config;
    private final Storage storage;

    PlainLayout(LayoutConfig config, Storage storage) {
      this.config = config;
      this.storage = storage;
    }

    @Override
    public LayoutType type() {
      return TYPE;
    }

    @Override
    public LayoutConfig config() {
      return config;
    }

    @Override
    public int storageCount() {
      return 1;
    }

    @Override
    public Storage storage(int index) {
      return storage;
    }

    @Override
    public int storageIndex(int block, int layer, int outer) {
      check(ErrorCode.INVALID_BLOCK_INDEX, block, config.numBlocks());
      check(ErrorCode.INVALID_LAYER_INDEX, layer, config.numLayers());
      check(ErrorCode.INVALID_OUTER_INDEX, outer, config.outerDim());
      return 0;
    }

    private static void check(ErrorCode code, int index, int count) {
      if (index < 0 || index >= count) {
        throw new CallerException(code, "index " + index + " is not below " + count);
      }
    }

    @Override
    public long offset(int block, int layer, int outer) {
      return storageIndex(block, layer, outer)
          + block * stride(config)
          + (layer * config.outerDim() + outer) * config.regionByteSize();
    }

    @Override
    public long address(int block, int layer, int outer) {
      return PlainLayouts.this.address(storage, offset(block, layer, outer));
    }

    @Override
    public boolean isBlockContiguous() {
      return true;
    }

    @Override
    public LayoutDescriptor descriptor() {
      return new LayoutDescriptor(
          LayoutDescriptor.VERSION,
          TYPE,
          config,
          List.of(new LayoutDescriptor.StorageSpan(storage.type(), 0, storage.byteSize())),
          List.of());
    }
  }
}
