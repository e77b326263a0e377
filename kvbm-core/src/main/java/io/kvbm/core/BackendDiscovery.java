package io.kvbm.core;

import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.Spi;
import io.kvbm.api.spi.SpiVersion;
import io.kvbm.core.plugin.OneLine;
import io.kvbm.core.plugin.PluginFolders;
import io.kvbm.core.plugin.Refusal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Finds providers and refuses those that cannot be trusted, one line each; the rest works. For one
 * thread.
 */
final class BackendDiscovery {

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");

  private final List<InstalledBackend> accepted = new ArrayList<>();
  private final Set<Refusal> refusals = new LinkedHashSet<>();

  /**
   * Finds what the modules and the class path of a loader provide, and what plugins do.
   *
   * @param loader whose modules and class path are looked through
   * @param plugins stay the caller's
   */
  static BackendCatalog find(ClassLoader loader, PluginFolders plugins) {
    BackendDiscovery discovery = new BackendDiscovery();
    discovery.refusals.addAll(plugins.refusals());
    PluginFolders.find(
        ServiceLoader.load(BackendProvider.class, loader), discovery::load, discovery::broken);
    plugins.find(BackendProvider.class, discovery::load, discovery::broken);
    return discovery.catalog();
  }

  /** Takes providers that were made already. */
  static BackendCatalog of(List<BackendProvider> providers) {
    BackendDiscovery discovery = new BackendDiscovery();
    providers.forEach(discovery::inspect);
    return discovery.catalog();
  }

  private void broken(ServiceConfigurationError error) {
    refuse("?", "a backend provider cannot be loaded: " + OneLine.of(error));
  }

  private void load(ServiceLoader.Provider<BackendProvider> found) {
    Class<? extends BackendProvider> type = found.type();
    BackendProvider provider;
    try {
      provider = found.get();
    } catch (ServiceConfigurationError | LinkageError e) {
      refuse(
          type.getName(),
          "provider %s in %s cannot be created: %s"
              .formatted(type.getName(), InstalledBackend.locationOf(type), OneLine.of(e)));
      return;
    }
    inspect(provider);
  }

  private void inspect(BackendProvider provider) {
    String who = provider.getClass().getName();
    String where = InstalledBackend.locationOf(provider.getClass());
    try {
      SpiVersion builtFor = Objects.requireNonNull(provider.builtFor(), "builtFor() is null");
      if (!builtFor.isSupported()) {
        refuse(
            provider.name(),
            "backend '%s' in %s was built for SPI %s and this platform has %d.%d; update it"
                .formatted(provider.name(), where, builtFor, Spi.MAJOR, Spi.MINOR));
        return;
      }
      InstalledBackend backend = InstalledBackend.inspect(provider);
      if (!NAME.matcher(backend.name()).matches()) {
        refuse(
            backend.name(),
            "provider %s in %s calls itself '%s', which is not of the form [a-z][a-z0-9-]{0,62}"
                .formatted(who, where, backend.name()));
        return;
      }
      accepted.add(backend);
    } catch (RuntimeException | Error e) {
      refuse(
          who,
          "provider %s in %s is broken: %s".formatted(who, where, OneLine.of(onlyOfPlugin(e))));
    }
  }

  /**
   * {@return what foreign code threw, for its own account} Whatever it is, the others go on; only
   * the memory that is used up is not the matter of one plugin, and thrown again.
   */
  static Throwable onlyOfPlugin(Throwable thrown) {
    if (thrown instanceof OutOfMemoryError full) {
      throw full;
    }
    return thrown;
  }

  private BackendCatalog catalog() {
    Map<String, List<InstalledBackend>> byIdentity = new LinkedHashMap<>();
    for (InstalledBackend backend : accepted) {
      byIdentity.computeIfAbsent(backend.identity(), _ -> new ArrayList<>()).add(backend);
    }
    List<InstalledBackend> unique = new ArrayList<>();
    byIdentity.forEach(
        (identity, same) -> {
          if (same.size() == 1) {
            unique.add(same.getFirst());
          } else {
            refuse(
                same.getFirst().name(),
                "backend %s is installed %d times and none is used, remove all but one: %s"
                    .formatted(
                        identity,
                        same.size(),
                        same.stream()
                            .map(InstalledBackend::location)
                            .collect(Collectors.joining(" and "))));
          }
        });
    return new BackendCatalog(unique, List.copyOf(refusals));
  }

  /** What is broken below the plugins is found again with each of them. */
  private void refuse(String name, String line) {
    refusals.add(new Refusal(name, line));
  }
}
