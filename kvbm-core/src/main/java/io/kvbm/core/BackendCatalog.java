package io.kvbm.core;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Nearest;
import io.kvbm.core.plugin.Refusal;
import java.lang.module.ModuleDescriptor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The installed backends, by name and by storage kind. Immutable. */
final class BackendCatalog {

  /** Stands for the preferred backend that has what is asked for. */
  static final String AUTO = "auto";

  private static final Comparator<InstalledBackend> NEWEST_FIRST =
      (left, right) -> compareVersions(right.version(), left.version());

  private static final Comparator<InstalledBackend> PREFERRED_FIRST =
      Comparator.comparingInt(InstalledBackend::priority)
          .reversed()
          .thenComparing(InstalledBackend::name)
          .thenComparing(NEWEST_FIRST);

  private final List<InstalledBackend> backends;
  private final List<Refusal> refusals;

  BackendCatalog(List<InstalledBackend> backends, List<Refusal> refusals) {
    this.backends =
        backends.stream()
            .sorted(Comparator.comparing(InstalledBackend::name).thenComparing(NEWEST_FIRST))
            .toList();
    this.refusals = List.copyOf(refusals);
  }

  /** {@return all of them, by name, the newest version of each first} */
  List<InstalledBackend> backends() {
    return backends;
  }

  /** {@return one line for each provider that is not used} */
  List<String> refusals() {
    return refusals.stream().map(Refusal::line).toList();
  }

  /**
   * {@return what a name may mean, the preferred first: one backend where it is the name of one,
   * else those of that storage kind; empty if nobody knows it}
   */
  List<InstalledBackend> candidates(String name) {
    for (InstalledBackend backend : backends) {
      // The newest version of each name comes first.
      if (backend.name().equals(name) || backend.identity().equals(name)) {
        return List.of(backend);
      }
    }
    return backends.stream()
        .filter(backend -> name.equals(AUTO) || backend.storageKinds().contains(name))
        .sorted(PREFERRED_FIRST)
        .toList();
  }

  /** {@return the error for a name that nobody knows} */
  ConfigurationException unknown(String name, Function<InstalledBackend, Availability> probe) {
    List<String> parts = new ArrayList<>();
    parts.add("nothing installed has the name or the storage kind '" + name + "'");
    refusals.stream()
        .filter(refusal -> refusal.name().equals(name) || refusal.name().endsWith("-" + name))
        .findFirst()
        .ifPresent(refusal -> parts.add("refused: " + refusal.line()));
    Set<String> names = new TreeSet<>();
    backends.forEach(
        backend -> {
          names.add(backend.name());
          names.addAll(backend.storageKinds());
        });
    if (names.isEmpty()) {
      parts.add("none is installed; put kvbm's backend jars on the module path or class path");
    } else {
      Nearest.similarTo(name, names)
          .ifPresent(nearest -> parts.add("did you mean '" + nearest + "'?"));
      parts.add("installed: " + describeAll(probe));
    }
    return new ConfigurationException(ErrorCode.BACKEND_UNAVAILABLE, String.join("; ", parts));
  }

  private String describeAll(Function<InstalledBackend, Availability> probe) {
    return backends.stream()
        .map(
            backend ->
                probe.apply(backend) instanceof Availability.Unavailable(String reason)
                    ? backend.identity() + " (unavailable: " + reason + ")"
                    : backend.identity())
        .collect(Collectors.joining(", "));
  }

  /** Orders versions as the module system does; one it cannot read is older than any it can. */
  static int compareVersions(String left, String right) {
    boolean leftOdd = !isReadable(left);
    boolean rightOdd = !isReadable(right);
    if (leftOdd || rightOdd) {
      return leftOdd && rightOdd ? left.compareTo(right) : Boolean.compare(rightOdd, leftOdd);
    }
    return ModuleDescriptor.Version.parse(left).compareTo(ModuleDescriptor.Version.parse(right));
  }

  private static boolean isReadable(String version) {
    try {
      ModuleDescriptor.Version.parse(version);
      return true;
    } catch (IllegalArgumentException _) {
      return false;
    }
  }
}
