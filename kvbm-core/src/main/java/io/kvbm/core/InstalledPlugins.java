package io.kvbm.core;

import io.kvbm.core.plugin.OneLine;
import io.kvbm.core.plugin.PluginFolders;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Small stateless plugins that modules, class path and plugin folders provide, such as codecs.
 *
 * @param plugins those that can be used, by name
 * @param refusals one line for each that cannot: it does not load, or its name comes twice
 */
record InstalledPlugins<T>(List<T> plugins, List<String> refusals) {

  /**
   * {@return what a loader and the plugin folders provide}
   *
   * @param kind what messages call such a plugin
   */
  static <T> InstalledPlugins<T> find(
      Class<T> service,
      String kind,
      Function<T, String> nameOf,
      ClassLoader loader,
      PluginFolders folders) {
    Search<T> search = new Search<>(kind, nameOf);
    PluginFolders.find(ServiceLoader.load(service, loader), search::add, search::leaveOut);
    folders.find(service, search::add, search::leaveOut);
    return search.result();
  }

  /** Collects what is found and what is wrong with it. */
  static final class Search<T> {

    private final String kind;
    private final Function<T, String> nameOf;
    private final Map<String, List<T>> byName = new TreeMap<>();

    /** What is broken below the plugin folders is found again with each of them. */
    private final SortedSet<String> refusals = new TreeSet<>();

    Search(String kind, Function<T, String> nameOf) {
      this.kind = kind;
      this.nameOf = nameOf;
    }

    void add(Supplier<T> source) {
      try {
        T plugin = source.get();
        byName.computeIfAbsent(nameOf.apply(plugin), _ -> new ArrayList<>()).add(plugin);
      } catch (RuntimeException | Error e) {
        leaveOut(BackendDiscovery.onlyOfPlugin(e));
      }
    }

    void leaveOut(Throwable reason) {
      refusals.add("a %s is left out: %s".formatted(kind, OneLine.of(reason)));
    }

    InstalledPlugins<T> result() {
      List<T> unique = new ArrayList<>();
      byName.forEach(
          (name, same) -> {
            if (same.size() == 1) {
              unique.add(same.getFirst());
            } else {
              refusals.add(twice(name, same));
            }
          });
      return new InstalledPlugins<>(List.copyOf(unique), List.copyOf(refusals));
    }

    private String twice(String name, List<T> same) {
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
}
