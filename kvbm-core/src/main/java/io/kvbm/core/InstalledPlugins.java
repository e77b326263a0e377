package io.kvbm.core;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Small stateless plugins that a loader provides, such as codecs.
 *
 * @param plugins those that can be used, by name
 * @param refusals one line for each that cannot: it does not load, or its name comes twice
 */
record InstalledPlugins<T>(List<T> plugins, List<String> refusals) {

  private static final int MAX_LOADER_ERRORS = 100;

  /**
   * {@return what a loader provides}
   *
   * @param kind what messages call such a plugin
   */
  static <T> InstalledPlugins<T> find(
      Class<T> service, String kind, Function<T, String> nameOf, ClassLoader loader) {
    return find(ServiceLoader.load(service, loader).iterator(), kind, nameOf);
  }

  static <T> InstalledPlugins<T> find(Iterator<T> found, String kind, Function<T, String> nameOf) {
    Map<String, List<T>> byName = new TreeMap<>();
    List<String> refusals = new ArrayList<>();
    for (int errors = 0; errors < MAX_LOADER_ERRORS; ) {
      try {
        if (!found.hasNext()) {
          break;
        }
        T plugin = found.next();
        byName.computeIfAbsent(nameOf.apply(plugin), _ -> new ArrayList<>()).add(plugin);
      } catch (ServiceConfigurationError | RuntimeException | LinkageError e) {
        errors++;
        refusals.add("a %s is left out: %s".formatted(kind, OneLine.of(e)));
      }
    }
    List<T> unique = new ArrayList<>();
    byName.forEach(
        (name, same) -> {
          if (same.size() == 1) {
            unique.add(same.getFirst());
          } else {
            refusals.add(twice(kind, name, same));
          }
        });
    return new InstalledPlugins<>(List.copyOf(unique), List.copyOf(refusals));
  }

  private static String twice(String kind, String name, List<?> same) {
    return "%s %s is installed %d times and none is used, remove all but one: %s"
        .formatted(
            kind,
            name,
            same.size(),
            same.stream()
                .map(plugin -> InstalledBackend.locationOf(plugin.getClass()))
                .collect(Collectors.joining(" and ")));
  }
}
