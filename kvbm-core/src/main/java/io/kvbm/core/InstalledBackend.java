package io.kvbm.core;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.Finding;
import io.kvbm.api.transfer.Transport;
import io.kvbm.core.plugin.OneLine;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.jar.Attributes;
import java.util.jar.JarFile;

/**
 * A provider that passed inspection, with what it said of itself asked once. Calls into the
 * provider go through here, so that a provider that throws something of its own ends as a typed
 * error.
 */
record InstalledBackend(
    BackendProvider provider,
    String name,
    String version,
    String module,
    String location,
    SortedSet<String> storageKinds,
    List<ConfigKey> configKeys,
    int priority) {

  static final String CLASS_PATH = "class path";
  static final String UNKNOWN_VERSION = "unknown";

  /** The setting of a backend that keeps files, see {@link BackendProvider#diagnose}. */
  private static final String DIRECTORY_KEY = "dir";

  private static final int MAX_NAME_IN_FINDING = 55;

  /**
   * Asks the provider everything that does not touch the machine; whatever it throws goes to the
   * caller.
   */
  static InstalledBackend inspect(BackendProvider provider) {
    Class<?> type = provider.getClass();
    Module module = type.getModule();
    return new InstalledBackend(
        provider,
        Objects.requireNonNull(provider.name(), "name() is null"),
        versionOf(type),
        module.isNamed() ? module.getName() : CLASS_PATH,
        locationOf(type),
        new TreeSet<>(Objects.requireNonNull(provider.storageKinds(), "storageKinds() is null")),
        List.copyOf(Objects.requireNonNull(provider.configKeys(), "configKeys() is null")),
        provider.priority());
  }

  static String locationOf(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    if (source == null || source.getLocation() == null) {
      return "an unknown place";
    }
    URL location = source.getLocation();
    try {
      // Not its getPath(), in which a space is %20.
      return location.getProtocol().equals("file")
          ? Path.of(location.toURI()).toString()
          : location.toString();
    } catch (URISyntaxException | IllegalArgumentException e) {
      return location.toString(); // Of a loader that does not encode: better than nothing.
    }
  }

  private static String versionOf(Class<?> type) {
    Optional<ModuleDescriptor> descriptor = Optional.ofNullable(type.getModule().getDescriptor());
    return descriptor
        .filter(module -> !module.isAutomatic())
        .flatMap(ModuleDescriptor::rawVersion)
        .or(() -> Optional.ofNullable(type.getPackage().getImplementationVersion()))
        .or(() -> manifestVersionOf(type))
        .or(() -> descriptor.flatMap(ModuleDescriptor::rawVersion)) // Guessed from the file's name.
        .orElse(UNKNOWN_VERSION);
  }

  /** The package of an automatic module does not know what the manifest says. */
  private static Optional<String> manifestVersionOf(Class<?> type) {
    Path jar = Path.of(locationOf(type));
    if (!Files.isRegularFile(jar)) {
      return Optional.empty();
    }
    try (JarFile file = new JarFile(jar.toFile(), false)) {
      return Optional.ofNullable(file.getManifest())
          .map(manifest -> manifest.getMainAttributes())
          .map(attributes -> attributes.getValue(Attributes.Name.IMPLEMENTATION_VERSION));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** {@return the name that means this one and no other version} */
  String identity() {
    return name + "@" + version;
  }

  BackendListing listing(BackendConfig config) {
    return new BackendListing(
        name, version, module, List.copyOf(storageKinds), priority, probe(config), location);
  }

  Availability probe(BackendConfig config) {
    try {
      config.validate(name, configKeys);
      return Objects.requireNonNull(provider.probe(config), "probe() returned null");
    } catch (RuntimeException | Error e) {
      return new Availability.Unavailable(OneLine.of(BackendDiscovery.onlyOfPlugin(e)));
    }
  }

  /**
   * {@return what the backend finds, in the directory where one is given and it has a setting for
   * one; a provider that throws is a finding itself}
   */
  List<Finding> diagnose(BackendConfig config, Optional<Path> directory) {
    try {
      BackendConfig settings =
          directory.filter(_ -> takesDirectory()).isPresent()
              ? config.with(DIRECTORY_KEY, directory.get().toString())
              : config;
      settings.validate(name, configKeys);
      return List.copyOf(provider.diagnose(settings));
    } catch (RuntimeException | Error e) {
      return List.of(
          Finding.missing(
              Finding.Scope.MACHINE,
              "backend-" + name.substring(0, Math.min(name.length(), MAX_NAME_IN_FINDING)),
              "its checks failed: " + OneLine.of(BackendDiscovery.onlyOfPlugin(e)),
              "correct its settings, or update the backend"));
    }
  }

  private boolean takesDirectory() {
    return configKeys.stream()
        .anyMatch(key -> key.name().equals(DIRECTORY_KEY) && key.type() == ConfigKey.Type.PATH);
  }

  Backend open(BackendContext context, BackendConfig config) {
    return typed(
        "opened",
        () -> Objects.requireNonNull(provider.open(context, config), "open() returned null"));
  }

  List<Transport> transportsOf(Backend backend) {
    return typed("asked for transports", () -> List.copyOf(backend.transports()));
  }

  private <T> T typed(String attempt, Supplier<T> call) {
    try {
      return call.get();
    } catch (KvbmException e) {
      throw e;
    } catch (RuntimeException | Error e) {
      throw new BackendException(
          ErrorCode.OPERATION_FAILED,
          "backend '%s' could not be %s: %s"
              .formatted(name, attempt, OneLine.of(BackendDiscovery.onlyOfPlugin(e))),
          e);
    }
  }
}
