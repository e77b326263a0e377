package io.kvbm.api.layout;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.Stability;
import io.kvbm.api.storage.Storage;
import java.util.List;

/** Makes layouts of one type. Stateless and safe from any thread. */
@Stability(Stability.Level.STABLE)
public interface LayoutProvider {

  /** {@return the arrangement this makes} */
  LayoutType type();

  /**
   * {@return how many bytes each storage must have, one entry per storage}
   *
   * @param config the shape
   * @throws ConfigurationException if the sizes leave 63 bits
   */
  List<Long> storageByteSizes(LayoutConfig config);

  /**
   * Lays blocks out in storages. The storages stay the caller's.
   *
   * @param config the shape
   * @param storages as many as {@link #storageByteSizes} lists, each at least as large as listed
   *     there
   * @return the bound layout
   * @throws ConfigurationException if there are too few or too many storages, or one is too small
   */
  Layout bind(LayoutConfig config, List<Storage> storages);

  /**
   * Lays blocks out as a descriptor says, for instance one that another process wrote.
   *
   * @param descriptor of this provider's type
   * @param storages in the order of the descriptor
   * @return a layout with the regions of the one described
   * @throws ConfigurationException if the descriptor is of another type or the storages do not fit
   */
  Layout restore(LayoutDescriptor descriptor, List<Storage> storages);
}
