package io.kvbm.core.layout;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutDescriptor;
import io.kvbm.api.layout.LayoutDescriptor.StorageSpan;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.storage.Storage;
import java.util.Arrays;
import java.util.List;

/**
 * Makes layouts in which each (block, layer, outer) region has a page of its own, padded to the
 * alignment. Pages are numbered through the storages in order; a page table says which page a
 * region has, in (block, layer, outer) order.
 */
public final class PagedLayoutProvider implements LayoutProvider {

  /** The provider. */
  public static final PagedLayoutProvider INSTANCE = new PagedLayoutProvider();

  private PagedLayoutProvider() {}

  @Override
  public LayoutType type() {
    return LayoutType.PAGED;
  }

  @Override
  public List<Long> storageByteSizes(LayoutConfig config) {
    long data =
        Strides.multiply(config, PageSpace.pageByteSize(config), PageSpace.regionCount(config));
    return List.of(Strides.withBasePadding(config, data));
  }

  /** Lays blocks out in one storage, region after region; see {@link LayoutProvider#bind}. */
  @Override
  public Layout bind(LayoutConfig config, List<Storage> storages) {
    List<StorageSpan> spans = StorageFit.align(type(), config, storages, storageByteSizes(config));
    int[] identity = new int[PageSpace.regionCount(config)];
    Arrays.setAll(identity, page -> page);
    return new PagedLayout(config, storages, spans, new PageSpace(config, spans), identity);
  }

  /**
   * Lays blocks out as a page table says. The storages stay the caller's, the table is copied.
   *
   * @param config the shape
   * @param storages one or several; each takes as many whole pages as fit behind its aligned base
   * @param pageTable the page of each region in (block, layer, outer) order; any pages, none twice
   * @return the bound layout
   * @throws ConfigurationException if a storage takes no page, or the table has another length than
   *     there are regions, names a page twice or one that no storage has
   */
  public Layout bind(LayoutConfig config, List<Storage> storages, int[] pageTable) {
    List<StorageSpan> spans =
        storages.stream().map(storage -> StorageFit.span(config, storage)).toList();
    return bind(config, storages, spans, pageTable.clone());
  }

  @Override
  public Layout restore(LayoutDescriptor descriptor, List<Storage> storages) {
    List<StorageSpan> spans = StorageFit.match(type(), descriptor, storages);
    int[] pageTable = descriptor.pageTable().stream().mapToInt(Integer::intValue).toArray();
    return bind(descriptor.config(), storages, spans, pageTable);
  }

  private static Layout bind(
      LayoutConfig config, List<Storage> storages, List<StorageSpan> spans, int[] ownTable) {
    PageSpace space = new PageSpace(config, spans);
    space.check(config, ownTable);
    return new PagedLayout(config, storages, spans, space, ownTable);
  }
}
