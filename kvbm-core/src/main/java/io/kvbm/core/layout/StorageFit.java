package io.kvbm.core.layout;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutDescriptor;
import io.kvbm.api.layout.LayoutDescriptor.StorageSpan;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.storage.Storage;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks that storages are as many and as large as a layout needs, and finds where its data starts
 * in them.
 */
final class StorageFit {

  private StorageFit() {}

  /**
   * {@return the storages as the layout sees them, each base aligned up from the storage's address}
   */
  static List<StorageSpan> align(
      LayoutType type, LayoutConfig config, List<Storage> storages, List<Long> required) {
    requireCount(type, storages.size(), required.size());
    List<StorageSpan> spans = new ArrayList<>(storages.size());
    for (int i = 0; i < storages.size(); i++) {
      Storage storage = storages.get(i);
      if (storage.byteSize() < required.get(i)) {
        throw tooSmall(type, i, storage.byteSize(), required.get(i));
      }
      spans.add(span(config, storage));
    }
    return spans;
  }

  /** {@return one storage with its base aligned up from its address} */
  static StorageSpan span(LayoutConfig config, Storage storage) {
    // Unsigned arithmetic: the low bits of an address are the same whatever its sign.
    long baseOffset = -storage.address() & config.alignment() - 1;
    if (baseOffset >= storage.byteSize()) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "%s storage of %d bytes ends before its first address aligned to %d"
              .formatted(storage.type(), storage.byteSize(), config.alignment()));
    }
    return new StorageSpan(storage.type(), baseOffset, storage.byteSize());
  }

  /** {@return the spans of a descriptor with the storages that now stand for them} */
  static List<StorageSpan> match(
      LayoutType type, LayoutDescriptor descriptor, List<Storage> storages) {
    if (!descriptor.type().equals(type)) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "a " + type + " layout cannot be restored from the descriptor of a " + descriptor.type());
    }
    requireCount(type, storages.size(), descriptor.storages().size());
    List<StorageSpan> spans = new ArrayList<>(storages.size());
    for (int i = 0; i < storages.size(); i++) {
      StorageSpan described = descriptor.storages().get(i);
      Storage storage = storages.get(i);
      if (storage.byteSize() < described.byteSize()) {
        throw tooSmall(type, i, storage.byteSize(), described.byteSize());
      }
      spans.add(new StorageSpan(storage.type(), described.baseOffset(), described.byteSize()));
    }
    return spans;
  }

  static void requireCount(LayoutType type, int actual, int required) {
    if (actual != required) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "a %s layout needs %d storages, got %d".formatted(type, required, actual));
    }
  }

  static ConfigurationException tooSmall(LayoutType type, int index, long actual, long required) {
    return new ConfigurationException(
        ErrorCode.INVALID_CONFIG,
        "storage %d of a %s layout has %d bytes, needs %d"
            .formatted(index, type, actual, required));
  }
}
