package io.kvbm.core.plugin;

import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Provides;
import java.lang.module.ModuleDescriptor.Requires;
import java.lang.module.ModuleReference;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which jars without a descriptor must require which module, because they provide a service of it:
 * a module is refused that provides what it does not read. Requirements must not form a circle; of
 * two jars that provide for each other one requires the other, and what the other one provides for
 * it is not found.
 */
final class ServiceOwners {

  private final Map<String, String> moduleOf = new HashMap<>();
  private final Map<String, Set<String>> edges = new HashMap<>();
  private final Map<String, Set<String>> added = new HashMap<>();

  ServiceOwners(Collection<ModuleReference> modules) {
    List<ModuleDescriptor> sorted =
        modules.stream().map(ModuleReference::descriptor).sorted().toList();
    for (ModuleDescriptor module : sorted) {
      module.packages().forEach(name -> moduleOf.put(name, module.name()));
      Set<String> required = edges.computeIfAbsent(module.name(), _ -> new HashSet<>());
      module.requires().stream().map(Requires::name).forEach(required::add);
    }
    sorted.stream().filter(ModuleDescriptor::isAutomatic).forEach(this::require);
  }

  private void require(ModuleDescriptor provider) {
    for (Provides provides : provider.provides()) {
      String owner = ownerOf(provides);
      if (owner != null && !owner.equals(provider.name()) && !reaches(owner, provider.name())) {
        edges.computeIfAbsent(provider.name(), _ -> new HashSet<>()).add(owner);
        added.computeIfAbsent(provider.name(), _ -> new HashSet<>()).add(owner);
      }
    }
  }

  private @Nullable String ownerOf(Provides provides) {
    String service = provides.service();
    return moduleOf.get(service.substring(0, Math.max(0, service.lastIndexOf('.'))));
  }

  private boolean reaches(String from, String to) {
    Set<String> seen = new HashSet<>(Set.of(from));
    ArrayDeque<String> open = new ArrayDeque<>(seen);
    while (!open.isEmpty()) {
      for (String next : edges.getOrDefault(open.remove(), Set.of())) {
        if (next.equals(to)) {
          return true;
        }
        if (seen.add(next)) {
          open.add(next);
        }
      }
    }
    return false;
  }

  /** {@return the modules of the plugin that a jar without a descriptor requires} */
  Set<String> required(String module) {
    return added.getOrDefault(module, Set.of());
  }

  /** {@return what it provides, without what it cannot: services of modules it does not require} */
  List<Provides> provided(ModuleDescriptor module) {
    return module.provides().stream()
        .filter(
            provides -> {
              String owner = ownerOf(provides);
              return owner == null
                  || owner.equals(module.name())
                  || required(module.name()).contains(owner);
            })
        .toList();
  }
}
