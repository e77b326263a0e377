package io.kvbm.arch;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.spi.Spi;
import io.kvbm.testkit.RequiredTools;
import java.io.IOException;
import java.lang.module.Configuration;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The jars as they are shipped, read and started as modules. */
class PackagedModulesTest {
  private static final Path GOLDEN = Path.of("src/test/golden");
  private static final String PROVIDER = "io.kvbm.api.spi.BackendProvider";
  private static final String SERVICES = "META-INF/services/";

  private static final Reactor REACTOR = Reactor.load();

  @BeforeAll
  static void jarsAreThere() {
    RequiredTools.assumeOrFail(
        "jars", REACTOR.isPackaged(), "the modules are not packaged; run mvn verify, not mvn test");
  }

  static List<Reactor.Module> libraries() {
    return REACTOR.libraries();
  }

  static List<Reactor.Module> backends() {
    return REACTOR.libraries().stream()
        .filter(module -> module.artifactId().startsWith("backend-"))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("libraries")
  void isAnExplicitModuleNamedForItsFolder(Reactor.Module module) {
    ModuleDescriptor descriptor = descriptor(module);
    assertThat(descriptor.isAutomatic()).isFalse();
    assertThat(descriptor.name()).isEqualTo(module.moduleName());
    assertThat(module.folder().getFileName()).hasToString(module.artifactId());
    assertThat(descriptor.rawVersion()).contains(module.version());
  }

  @ParameterizedTest
  @MethodSource("libraries")
  void isDescribedByItsGoldenFile(Reactor.Module module) throws IOException {
    Golden.require(GOLDEN.resolve(module.artifactId() + ".txt"), describe(descriptor(module)));
  }

  @ParameterizedTest
  @MethodSource("libraries")
  void providesTheSameOnTheClassPath(Reactor.Module module) throws IOException {
    Map<String, Set<String>> onModulePath = new TreeMap<>();
    for (ModuleDescriptor.Provides provides : descriptor(module).provides()) {
      onModulePath.put(provides.service(), new TreeSet<>(provides.providers()));
    }
    assertThat(services(module)).isEqualTo(onModulePath);
  }

  @ParameterizedTest
  @MethodSource("libraries")
  void carriesItsVersionAndNoMavenDescriptor(Reactor.Module module) throws IOException {
    try (JarFile jar = new JarFile(module.jar().toFile())) {
      assertThat(jar.getManifest().getMainAttributes().getValue("Implementation-Version"))
          .isEqualTo(module.version());
      assertThat(jar.stream().map(entry -> entry.getName()))
          .noneMatch(name -> name.startsWith("META-INF/maven"));
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void backendsSayWhichSpiTheyWereBuiltFor(Reactor.Module module) throws IOException {
    try (JarFile jar = new JarFile(module.jar().toFile())) {
      assertThat(jar.getManifest().getMainAttributes().getValue("Kvbm-Spi"))
          .isEqualTo(Spi.MAJOR + "." + Spi.MINOR);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void aBackendIsFoundInALayerWithCore(Reactor.Module module) throws Exception {
    ModuleLayer layer = layer(List.of(module));
    List<Object> providers = providers(layer);
    assertThat(providers).isNotEmpty();
    assertThat(providers)
        .allSatisfy(
            provider -> {
              Module from = provider.getClass().getModule();
              assertThat(from.getName()).isEqualTo(module.moduleName());
              assertThat(from.getLayer()).isSameAs(layer);
            });
    assertThat(listed(layer)).isNotEmpty();
  }

  @Test
  void coreStartsWithoutABackend() throws Exception {
    ModuleLayer layer = layer(List.of());
    assertThat(providers(layer)).isEmpty();
    assertThat(listed(layer)).isEmpty();
  }

  @Test
  void noPackageIsInTwoJars() {
    Map<String, String> owners = new HashMap<>();
    List<String> split = new ArrayList<>();
    for (Reactor.Module module : libraries()) {
      for (String name : descriptor(module).packages()) {
        String other = owners.putIfAbsent(name, module.artifactId());
        if (other != null) {
          split.add(name + " is in " + other + " and " + module);
        }
      }
    }
    assertThat(owners).hasSizeGreaterThan(30);
    assertThat(split).isEmpty();
  }

  @Test
  void thereAreBackends() {
    assertThat(backends()).hasSizeGreaterThanOrEqualTo(2);
    assertThat(libraries()).hasSizeGreaterThanOrEqualTo(6);
  }

  /**
   * {@return api, core, what core needs, and the given backends with what they need, as modules}
   */
  private static ModuleLayer layer(List<Reactor.Module> backends) throws IOException {
    Set<Path> jars = new TreeSet<>();
    Set<String> roots = new TreeSet<>(Set.of("io.kvbm.core"));
    List<Reactor.Module> modules = new ArrayList<>(backends);
    modules.add(REACTOR.module("kvbm-core"));
    for (Reactor.Module module : modules) {
      jars.add(module.jar());
      RuntimeClasspath needed = RuntimeClasspath.of(module);
      jars.addAll(needed.libraries());
      needed.ownModules().forEach(name -> jars.add(REACTOR.module(name).jar()));
      roots.add(module.moduleName());
    }
    jars.add(REACTOR.module("kvbm-api").jar());
    ModuleFinder finder = ModuleFinder.of(jars.toArray(Path[]::new));
    ModuleLayer boot = ModuleLayer.boot();
    Configuration configuration =
        boot.configuration().resolve(finder, ModuleFinder.ofSystem(), roots);
    return boot.defineModulesWithOneLoader(configuration, ClassLoader.getPlatformClassLoader());
  }

  private static List<Object> providers(ModuleLayer layer) throws ClassNotFoundException {
    Class<?> service = layer.findLoader("io.kvbm.api").loadClass(PROVIDER);
    return ServiceLoader.load(layer, service).stream()
        .<Object>map(ServiceLoader.Provider::get)
        .toList();
  }

  /** {@return what a platform that runs in the layer lists as its backends} */
  private static List<?> listed(ModuleLayer layer) throws Exception {
    ClassLoader loader = layer.findLoader("io.kvbm.core");
    Class<?> type = loader.loadClass("io.kvbm.core.Platform");
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(loader);
    try (AutoCloseable platform = (AutoCloseable) type.getMethod("load").invoke(null)) {
      return (List<?>) type.getMethod("backends").invoke(platform);
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private static ModuleDescriptor descriptor(Reactor.Module module) {
    Set<ModuleReference> found = ModuleFinder.of(module.jar()).findAll();
    assertThat(found).hasSize(1);
    return found.iterator().next().descriptor();
  }

  private static Map<String, Set<String>> services(Reactor.Module module) throws IOException {
    Map<String, Set<String>> services = new TreeMap<>();
    try (JarFile jar = new JarFile(module.jar().toFile())) {
      for (var entry : jar.stream().toList()) {
        if (entry.getName().startsWith(SERVICES) && !entry.isDirectory()) {
          String text =
              new String(jar.getInputStream(entry).readAllBytes(), StandardCharsets.UTF_8);
          services.put(
              entry.getName().substring(SERVICES.length()),
              Arrays.stream(text.split("\n"))
                  .map(line -> line.replaceAll("#.*", "").strip())
                  .filter(line -> !line.isEmpty())
                  .collect(Collectors.toCollection(TreeSet::new)));
        }
      }
    }
    return services;
  }

  private static String describe(ModuleDescriptor module) {
    Set<String> lines = new TreeSet<>();
    module
        .requires()
        .forEach(needed -> lines.add("requires " + words(needed.modifiers()) + needed.name()));
    module.exports().forEach(out -> lines.add("exports " + out.source() + to(out.targets())));
    module.opens().forEach(out -> lines.add("opens " + out.source() + to(out.targets())));
    module.uses().forEach(service -> lines.add("uses " + service));
    module
        .provides()
        .forEach(
            out ->
                lines.add(
                    "provides "
                        + out.service()
                        + " with "
                        + String.join(", ", new TreeSet<>(out.providers()))));
    return "module " + module.name() + "\n" + String.join("\n", lines) + "\n";
  }

  private static String words(Set<ModuleDescriptor.Requires.Modifier> modifiers) {
    return modifiers.stream()
        .map(modifier -> modifier.name().toLowerCase(Locale.ROOT) + " ")
        .sorted()
        .collect(Collectors.joining());
  }

  private static String to(Set<String> targets) {
    return targets.isEmpty() ? "" : " to " + String.join(", ", new TreeSet<>(targets));
  }
}
