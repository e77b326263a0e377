package io.kvbm.core.layout;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutDescriptor;
import io.kvbm.api.layout.LayoutDescriptor.StorageSpan;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.storage.Storage;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/** Makes layouts whose regions lie at fixed strides. */
final class StridedLayoutProvider implements LayoutProvider {

  private final LayoutType type;
  private final Function<LayoutConfig, Strides> arrangement;

  StridedLayoutProvider(LayoutType type, Function<LayoutConfig, Strides> arrangement) {
    this.type = type;
    this.arrangement = arrangement;
  }

  @Override
  public LayoutType type() {
    return type;
  }

  @Override
  public List<Long> storageByteSizes(LayoutConfig config) {
    Strides strides = arrangement.apply(config);
    return Collections.nCopies(
        storageCount(config, strides), Strides.withBasePadding(config, strides.dataByteSize()));
  }

  @Override
  public Layout bind(LayoutConfig config, List<Storage> storages) {
    List<StorageSpan> spans = StorageFit.align(type, config, storages, storageByteSizes(config));
    return new StridedLayout(type, config, arrangement.apply(config), storages, spans);
  }

  @Override
  public Layout restore(LayoutDescriptor descriptor, List<Storage> storages) {
    List<StorageSpan> spans = StorageFit.match(type, descriptor, storages);
    LayoutConfig config = descriptor.config();
    Strides strides = arrangement.apply(config);
    StorageFit.requireCount(type, spans.size(), storageCount(config, strides));
    if (!descriptor.pageTable().isEmpty()) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG, "a " + type + " layout has no page table, its descriptor has");
    }
    for (int i = 0; i < spans.size(); i++) {
      StorageSpan span = spans.get(i);
      if (span.byteSize() - span.baseOffset() < strides.dataByteSize()) {
        throw StorageFit.tooSmall(
            type, i, span.byteSize() - span.baseOffset(), strides.dataByteSize());
      }
    }
    return new StridedLayout(type, config, strides, storages, spans);
  }

  private static int storageCount(LayoutConfig config, Strides strides) {
    return strides.storagePerLayer() ? config.numLayers() : 1;
  }
}
