package io.kvbm.core.plugin;

import io.kvbm.core.Platform;
import java.io.File;
import java.lang.module.Configuration;
import java.lang.module.FindException;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The two ways kvbm itself is run, both inside the test's own JVM. */
enum HostMode {
  CLASS_PATH {
    @Override
    ClassLoader loader() {
      return Platform.class.getClassLoader();
    }
  },

  MODULES {
    @Override
    ClassLoader loader() {
      return Layer.LOADER;
    }
  };

  /** {@return the loader of kvbm's classes} */
  abstract ClassLoader loader();

  /** The modules of kvbm and of what it requires, above those of the JDK. */
  private static final class Layer {

    private static final Set<String> NAMES =
        Set.of(
            "io.kvbm.api",
            "io.kvbm.core",
            "micrometer.core",
            "micrometer.observation",
            "micrometer.commons",
            "com.dynatrace.hash4j",
            "org.agrona",
            "org.snakeyaml.engine.v2",
            "org.snakeyaml.engine",
            "org.jspecify");

    static final ClassLoader LOADER = make();

    @SuppressWarnings("restricted") // As the launcher does, which names kvbm's modules.
    private static ClassLoader make() {
      Path[] jars =
          Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
              .map(Path::of)
              .filter(Layer::isWanted)
              .toArray(Path[]::new);
      ModuleLayer boot = ModuleLayer.boot();
      Configuration configuration =
          boot.configuration()
              .resolve(ModuleFinder.of(jars), ModuleFinder.of(), Set.of("io.kvbm.core"));
      ModuleLayer.Controller layer =
          ModuleLayer.defineModulesWithOneLoader(
              configuration, List.of(boot), ClassLoader.getPlatformClassLoader());
      layer.layer().modules().forEach(layer::enableNativeAccess);
      return layer.layer().findLoader("io.kvbm.core");
    }

    private static boolean isWanted(Path path) {
      try {
        return ModuleFinder.of(path).findAll().stream()
            .anyMatch(module -> NAMES.contains(module.descriptor().name()));
      } catch (FindException e) {
        return false; // No module, so none that kvbm requires.
      }
    }
  }
}
