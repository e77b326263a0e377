package io.kvbm.core;

import io.kvbm.core.plugin.OneLine;
import io.kvbm.core.plugin.PluginFolders;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
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
   * @param builtIn those whose names no other may have; not part of the result
   */
  static <T> InstalledPlugins<T> find(
      Class<T> service,
      String kind,
      Function<T, String> nameOf,
      List<T> builtIn,
      ClassLoader loader,
      PluginFolders folders) {
    Search<T> search = new Search<>(kind, nameOf, builtIn);
    PluginFolders.find(ServiceLoader.load(service, loader), search::add, search::leaveOut);
    InstalledPlugins<T> ofPlatform = search.result();
    Search<T> further = ofPlatform.furtherSearch(kind, nameOf, builtIn);
    folders.find(service, further::add, further::leaveOut);
    return ofPlatform.and(further.result(), nameOf);
  }

  /** A plugin folder cannot take away what the platform has: bytes were written by its name. */
  Search<T> furtherSearch(String kind, Function<T, String> nameOf, List<T> builtIn) {
    List<T> kept = new ArrayList<>(builtIn);
    kept.addAll(plugins);
    return new Search<>(kind, nameOf, kept);
  }

  InstalledPlugins<T> and(InstalledPlugins<T> others, Function<T, String> nameOf) {
    Map<String, T> byName = new TreeMap<>();
    plugins.forEach(plugin -> byName.put(nameOf.apply(plugin), plugin));
    others.plugins.forEach(plugin -> byName.put(nameOf.apply(plugin), plugin));
    SortedSet<String> lines = new TreeSet<>(refusals);
    lines.addAll(others.refusals);
    return new InstalledPlugins<>(List.copyOf(byName.values()), List.copyOf(lines));
  }

  /** Collects what is found and what is wrong with it. */
  static final class Search<T> {

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");

    private final String kind;
    private final Function<T, String> nameOf;
    private final Map<String, T> builtIn = new HashMap<>();
    private final Map<String, List<T>> byName = new TreeMap<>();

    /** What is broken below the plugin folders is found again with each of them. */
    private final SortedSet<String> refusals = new TreeSet<>();

    Search(String kind, Function<T, String> nameOf, List<T> builtIn) {
      this.kind = kind;
      this.nameOf = nameOf;
      builtIn.forEach(plugin -> this.builtIn.put(nameOf.apply(plugin), plugin));
    }

    void add(Supplier<T> source) {
      try {
        add(source.get());
      } catch (RuntimeException | Error e) {
        leaveOut(BackendDiscovery.onlyOfPlugin(e));
      }
    }

    private void add(T plugin) {
      String name = Objects.requireNonNull(nameOf.apply(plugin), "its name is null");
      T same = builtIn.get(name);
      if (same == null && NAME.matcher(name).matches()) {
        byName.computeIfAbsent(name, _ -> new ArrayList<>()).add(plugin);
      } else if (same == null || same.getClass() != plugin.getClass()) {
        String reason =
            same == null
                ? "its name is not of the form " + NAME
                : "the platform's own of that name cannot be replaced";
        refusals.add(
            "%s '%s' in %s is left out: %s"
                .formatted(kind, name, InstalledBackend.locationOf(plugin.getClass()), reason));
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
