package io.kvbm.core.plugin;

import io.kvbm.api.spi.BackendProvider;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * What plugins are loaded into.
 *
 * @param layer the layer of kvbm's modules, or empty where kvbm is on the class path
 * @param loader the loader of the api
 */
record PluginHost(Optional<ModuleLayer> layer, ClassLoader loader) {

  /**
   * {@return a loader of what is provided below the plugins}
   *
   * @param service one that the module of this package uses
   */
  <T> ServiceLoader<T> load(Class<T> service) {
    return layer.isPresent()
        ? ServiceLoader.load(layer.get(), service)
        : ServiceLoader.load(service, loader);
  }

  /** {@return what this class itself was loaded into} */
  static PluginHost current() {
    return new PluginHost(
        Optional.ofNullable(PluginHost.class.getModule().getLayer()),
        BackendProvider.class.getClassLoader());
  }
}
