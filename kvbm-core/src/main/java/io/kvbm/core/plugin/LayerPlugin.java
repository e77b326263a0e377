package io.kvbm.core.plugin;

import java.io.IOException;
import java.lang.module.Configuration;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Requires;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.TreeMap;

/** A plugin in a module layer of its own, above the layer of kvbm's modules. */
final class LayerPlugin implements Plugin {

  private final ModuleLayer layer;
  private final LayerClassLoader loader;
  private final NativeLibraries natives;

  private LayerPlugin(ModuleLayer layer, LayerClassLoader loader, NativeLibraries natives) {
    this.layer = layer;
    this.loader = loader;
    this.natives = natives;
  }

  /**
   * Makes the layer; loads no class of it.
   *
   * @param name for messages and stack traces
   * @param jars the plugin's jars without the api
   * @param below kvbm's layer
   * @param natives closed with the plugin
   * @throws RefusedPluginException if the modules do not fit together
   * @throws java.lang.module.FindException if a jar is no module
   * @throws java.lang.module.ResolutionException if modules contradict each other
   * @throws LayerInstantiationException if two modules have a package in common
   */
  @SuppressWarnings("restricted") // Native access is what a plugin folder is for.
  static Plugin define(String name, List<Path> jars, ModuleLayer below, NativeLibraries natives)
      throws RefusedPluginException {
    checkNames(name, jars);
    PluginModules modules = new PluginModules(jars, below.configuration());
    checkPackages(name, modules);
    checkRequirements(name, modules, below);
    Configuration configuration =
        below.configuration().resolve(modules, ModuleFinder.of(), modules.names());
    LayerClassLoader loader = new LayerClassLoader(name, configuration, below, natives);
    ModuleLayer.Controller controller =
        ModuleLayer.defineModules(configuration, List.of(below), _ -> loader);
    for (Module module : controller.layer().modules()) {
      // Whoever put the plugin there decided to trust it; others get no native access by that.
      controller.enableNativeAccess(module);
      if (modules.undescribed().contains(module.getName())) {
        controller.layer().modules().forEach(other -> controller.addReads(module, other));
        controller.addReads(module, loader.getUnnamedModule());
      }
    }
    return new LayerPlugin(controller.layer(), loader, natives);
  }

  /** Of two jars of one module the finder would take the first and say nothing. */
  private static void checkNames(String name, List<Path> jars) throws RefusedPluginException {
    Map<String, Path> byModule = new TreeMap<>();
    for (Path jar : jars) {
      for (ModuleReference module : ModuleFinder.of(jar).findAll()) {
        Path other = byModule.putIfAbsent(module.descriptor().name(), jar);
        if (other != null) {
          throw new RefusedPluginException(
              "plugin %s has module %s twice, remove one: %s and %s"
                  .formatted(
                      name, module.descriptor().name(), other.getFileName(), jar.getFileName()));
        }
      }
    }
  }

  /** The layer would be refused with the name of the package alone. */
  private static void checkPackages(String name, ModuleFinder finder)
      throws RefusedPluginException {
    Map<String, String> owners = new TreeMap<>();
    for (ModuleReference module : finder.findAll()) {
      String owner = module.descriptor().name();
      for (String packageName : module.descriptor().packages()) {
        String other = owners.putIfAbsent(packageName, owner);
        if (other != null) {
          throw new RefusedPluginException(
              "plugin %s has package %s in two modules, remove one: %s and %s"
                  .formatted(
                      name,
                      packageName,
                      other.compareTo(owner) < 0 ? other : owner,
                      other.compareTo(owner) < 0 ? owner : other));
        }
      }
    }
  }

  private static void checkRequirements(String name, ModuleFinder finder, ModuleLayer below)
      throws RefusedPluginException {
    for (ModuleReference module : finder.findAll()) {
      for (Requires requires : module.descriptor().requires()) {
        if (!requires.modifiers().contains(Requires.Modifier.STATIC)
            && finder.find(requires.name()).isEmpty()
            && !(PluginModules.isVisible(requires.name())
                && below.configuration().findModule(requires.name()).isPresent())) {
          throw new RefusedPluginException(missing(name, module.descriptor(), requires.name()));
        }
      }
    }
  }

  private static String missing(String name, ModuleDescriptor module, String required) {
    Optional<ModuleReference> ofJdk = ModuleFinder.ofSystem().find(required);
    return ofJdk.isPresent()
        ? "plugin %s needs module %s of the JDK, which was not started with it; add --add-modules %s"
            .formatted(name, required, required)
        : "plugin %s lacks module %s, which its module %s requires; put its jar into the folder"
            .formatted(name, required, module.name());
  }

  @Override
  public <T> ServiceLoader<T> load(Class<T> service) {
    return ServiceLoader.load(layer, service);
  }

  @Override
  public boolean owns(Class<?> type) {
    return type.getModule().getLayer() == layer;
  }

  @Override
  public void close() throws IOException {
    natives.close();
    loader.close();
  }
}
