package io.kvbm.core;

import io.kvbm.core.plugin.OneLine;
import io.kvbm.core.plugin.PluginFolders;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;

/** Finds the small stateless plugins: codecs, hash schemes, policies. */
final class InstalledPlugins {

  private static final System.Logger LOG = System.getLogger(InstalledPlugins.class.getName());

  private InstalledPlugins() {}

  /**
   * {@return what a loader and the plugins provide, by name, the first of each name; one that
   * cannot be made is logged and left out}
   */
  static <T> List<T> find(
      Class<T> service, Function<T, String> nameOf, ClassLoader loader, PluginFolders plugins) {
    Map<String, T> byName = new TreeMap<>();
    Consumer<Throwable> broken =
        e ->
            LOG.log(
                System.Logger.Level.WARNING,
                "a {0} is left out: {1}",
                service.getSimpleName(),
                OneLine.of(e));
    Consumer<ServiceLoader.Provider<T>> found =
        provider -> {
          try {
            T plugin = provider.get();
            byName.putIfAbsent(nameOf.apply(plugin), plugin);
          } catch (ServiceConfigurationError | RuntimeException | LinkageError e) {
            broken.accept(e);
          }
        };
    PluginFolders.find(ServiceLoader.load(service, loader), found, broken::accept);
    plugins.find(service, found, broken::accept);
    return List.copyOf(byName.values());
  }
}
