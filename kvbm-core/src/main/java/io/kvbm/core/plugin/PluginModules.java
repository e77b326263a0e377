package io.kvbm.core.plugin;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.Configuration;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.lang.module.ResolvedModule;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The modules of one plugin. What a jar without a descriptor would be as an automatic module is
 * given one here: an automatic module reads everything, so that a library which both the plugin and
 * the platform have would be there twice for it, and be refused.
 */
final class PluginModules implements ModuleFinder {

  /** The only module of the platform that plugins see; besides, there are those of the JDK. */
  static final String API = "io.kvbm.api";

  private static final String CLASS = ".class";

  private final Map<String, ModuleReference> modules = new HashMap<>();
  private final Set<String> undescribed = new HashSet<>();

  /**
   * Reads the descriptors.
   *
   * @param jars the plugin's jars
   * @param below what the plugin is loaded above
   */
  PluginModules(List<Path> jars, Configuration below) {
    Set<String> visible = visibleOf(below);
    Set<ModuleReference> all = ModuleFinder.of(jars.toArray(Path[]::new)).findAll();
    ServiceOwners owners = new ServiceOwners(all);
    Set<String> services = servicesOf(below);
    for (ModuleReference found : all) {
      ModuleDescriptor descriptor = found.descriptor();
      if (descriptor.isAutomatic()) {
        undescribed.add(descriptor.name());
        modules.put(
            descriptor.name(), new Described(found, describe(found, visible, owners, services)));
      } else {
        modules.put(descriptor.name(), found);
      }
    }
  }

  /** {@return whether a plugin may require the module from below} */
  static boolean isVisible(String module) {
    return module.equals(API) || ModuleFinder.ofSystem().find(module).isPresent();
  }

  private static Set<String> visibleOf(Configuration below) {
    Set<String> visible = new HashSet<>();
    collect(below, visible);
    return visible;
  }

  private static void collect(Configuration configuration, Set<String> visible) {
    configuration.modules().stream()
        .map(ResolvedModule::name)
        .filter(PluginModules::isVisible)
        .forEach(visible::add);
    configuration.parents().forEach(parent -> collect(parent, visible));
  }

  /** Like an automatic module, but it reads no more of the platform than the api. */
  private static ModuleDescriptor describe(
      ModuleReference jar, Set<String> visible, ServiceOwners owners, Set<String> services) {
    ModuleDescriptor automatic = jar.descriptor();
    ModuleDescriptor.Builder builder =
        ModuleDescriptor.newOpenModule(automatic.name()).packages(automatic.packages());
    automatic.packages().forEach(builder::exports);
    owners.provided(automatic).forEach(builder::provides);
    owners.required(automatic.name()).forEach(builder::requires);
    services.forEach(builder::uses);
    typesOf(jar).filter(type -> !services.contains(type)).forEach(type -> use(builder, type));
    manifestVersion(jar).or(automatic::rawVersion).ifPresent(builder::version);
    visible.forEach(builder::requires);
    return builder.build();
  }

  /** {@return the services of the JDK and the api, as far as everybody may see them} */
  private static Set<String> servicesOf(Configuration below) {
    Set<String> services = new HashSet<>();
    Set<String> packages = new HashSet<>();
    collectServices(below, services, packages);
    services.removeIf(service -> !packages.contains(packageOf(service)));
    return services;
  }

  private static void collectServices(
      Configuration configuration, Set<String> services, Set<String> packages) {
    for (ResolvedModule module : configuration.modules()) {
      if (isVisible(module.name())) {
        ModuleDescriptor descriptor = module.reference().descriptor();
        services.addAll(descriptor.uses());
        descriptor.provides().stream()
            .map(ModuleDescriptor.Provides::service)
            .forEach(services::add);
        descriptor.exports().stream()
            .filter(exports -> !exports.isQualified())
            .map(ModuleDescriptor.Exports::source)
            .forEach(packages::add);
      }
    }
    configuration.parents().forEach(parent -> collectServices(parent, services, packages));
  }

  private static void use(ModuleDescriptor.Builder builder, String type) {
    try {
      builder.uses(type);
    } catch (IllegalArgumentException _) {
      // A name that Java's language does not have: no service is called so.
    }
  }

  private static String packageOf(String type) {
    return type.substring(0, Math.max(0, type.lastIndexOf('.')));
  }

  /**
   * {@return the types of a jar} Each may be a service that the jar looks for, though nobody
   * provides it. An automatic module may look for anything; this one only for what it reads.
   */
  private static Stream<String> typesOf(ModuleReference jar) {
    Set<String> packages = jar.descriptor().packages();
    try (ModuleReader reader = jar.open();
        Stream<String> entries = reader.list()) {
      return entries
          .filter(entry -> entry.endsWith(CLASS) && !entry.endsWith("-info" + CLASS))
          .map(entry -> entry.substring(0, entry.length() - CLASS.length()).replace('/', '.'))
          .filter(type -> packages.contains(packageOf(type)))
          .toList()
          .stream();
    } catch (IOException e) {
      return Stream.empty(); // As with the manifest.
    }
  }

  /** {@return what the manifest says; the file's name, which a guess is made from, may be any} */
  private static Optional<String> manifestVersion(ModuleReference jar) {
    try (ModuleReader reader = jar.open();
        InputStream manifest = reader.open(JarFile.MANIFEST_NAME).orElse(null)) {
      return manifest == null
          ? Optional.empty()
          : Optional.ofNullable(
                  new Manifest(manifest)
                      .getMainAttributes()
                      .getValue(Attributes.Name.IMPLEMENTATION_VERSION))
              .filter(PluginModules::isVersion);
    } catch (IOException e) {
      return Optional.empty(); // The jar was read before: whoever needs it will say what is wrong.
    }
  }

  private static boolean isVersion(String text) {
    try {
      ModuleDescriptor.Version.parse(text);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** {@return the modules whose jars say nothing of what they read: each reads all the others} */
  Set<String> undescribed() {
    return undescribed;
  }

  /** {@return the names of all modules} */
  Set<String> names() {
    return Set.copyOf(modules.keySet());
  }

  @Override
  public Optional<ModuleReference> find(String name) {
    return Optional.ofNullable(modules.get(name));
  }

  @Override
  public Set<ModuleReference> findAll() {
    return modules.values().stream().collect(Collectors.toUnmodifiableSet());
  }

  /** A jar with a descriptor that is not in it. */
  private static final class Described extends ModuleReference {

    private final ModuleReference jar;

    Described(ModuleReference jar, ModuleDescriptor descriptor) {
      super(descriptor, jar.location().orElse(null));
      this.jar = jar;
    }

    @Override
    public ModuleReader open() throws IOException {
      return jar.open();
    }
  }
}
