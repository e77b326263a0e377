package io.kvbm.core;

import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.function.Function;

/** Finds the small stateless plugins: codecs, hash schemes, policies. */
final class InstalledPlugins {

  private static final System.Logger LOG = System.getLogger(InstalledPlugins.class.getName());
  private static final int MAX_LOADER_ERRORS = 100;

  private InstalledPlugins() {}

  /**
   * {@return what a loader provides, by name, the first of each name; one that cannot be made is
   * logged and left out}
   */
  static <T> List<T> find(Class<T> service, Function<T, String> nameOf, ClassLoader loader) {
    return find(ServiceLoader.load(service, loader).iterator(), service, nameOf);
  }

  private static <T> List<T> find(Iterator<T> found, Class<T> service, Function<T, String> nameOf) {
    Map<String, T> byName = new TreeMap<>(Comparator.naturalOrder());
    for (int errors = 0; errors < MAX_LOADER_ERRORS; ) {
      try {
        if (!found.hasNext()) {
          break;
        }
        T plugin = found.next();
        byName.putIfAbsent(nameOf.apply(plugin), plugin);
      } catch (ServiceConfigurationError | RuntimeException | LinkageError e) {
        errors++;
        LOG.log(
            System.Logger.Level.WARNING,
            "a {0} is left out: {1}",
            service.getSimpleName(),
            OneLine.of(e));
      }
    }
    return List.copyOf(byName.values());
  }
}
