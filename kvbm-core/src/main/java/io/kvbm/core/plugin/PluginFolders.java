package io.kvbm.core.plugin;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import java.io.IOException;
import java.lang.module.FindException;
import java.lang.module.ResolutionException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The plugins of a plugins directory: each folder in it, and each jar that lies there alone.
 *
 * <p>Every plugin gets a class loader of its own, in a module layer of its own where kvbm is made
 * of modules, so that two may carry different versions of a library, Java or native. What cannot be
 * loaded is refused with one line and keeps no other from being loaded. Before a class of a plugin
 * is loaded, the manifests of the jars that provide something are checked for the SPI version they
 * were built for.
 *
 * <p>Threading: loading is for one thread, everything else safe from any.
 */
public final class PluginFolders implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(PluginFolders.class.getName());

  /** A broken configuration file is reported again and again by some loaders. */
  private static final int MAX_LOADER_ERRORS = 100;

  private static final String JAR = ".jar";

  private record Loaded(String name, Path path, Plugin plugin) {}

  private final List<Loaded> plugins = new ArrayList<>();
  private final List<Refusal> refusals = new ArrayList<>();

  private final PluginHost host;

  private PluginFolders(PluginHost host) {
    this.host = host;
  }

  /** {@return no plugins} */
  public static PluginFolders none() {
    return new PluginFolders(PluginHost.current());
  }

  /**
   * Loads every plugin of a directory, in the order of their names; hidden files and folders are
   * left out.
   *
   * @param directory the plugins directory
   * @return the plugins; the caller closes them
   * @throws ConfigurationException with {@link ErrorCode#INVALID_CONFIG} if the directory cannot be
   *     listed
   */
  public static PluginFolders open(Path directory) {
    return open(directory, PluginHost.current());
  }

  static PluginFolders open(Path directory, PluginHost host) {
    PluginFolders folders = new PluginFolders(host);
    for (Path entry : list(directory)) {
      String name = entry.getFileName().toString();
      if (name.startsWith(".")) {
        continue;
      }
      if (Files.isDirectory(entry)) {
        folders.load(name, entry);
      } else if (name.endsWith(JAR)) {
        folders.load(name.substring(0, name.length() - JAR.length()), entry);
      }
    }
    return folders;
  }

  private static List<Path> list(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "the plugins directory %s %s; name one that has a folder for each plugin"
              .formatted(
                  directory, Files.exists(directory) ? "is no directory" : "does not exist"));
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.sorted().toList();
    } catch (IOException e) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "the plugins directory %s cannot be listed: %s".formatted(directory, OneLine.of(e)),
          e);
    }
  }

  private void load(String name, Path path) {
    try {
      plugins.add(new Loaded(name, path, define(name, path, host)));
    } catch (RefusedPluginException e) {
      refusals.add(new Refusal(name, e.line()));
    } catch (FindException | ResolutionException | LayerInstantiationException e) {
      refuse(name, path, "its modules do not fit together: " + withCause(e));
    } catch (IOException | RuntimeException e) {
      refuse(name, path, OneLine.of(e));
    }
  }

  /** What is wrong inside a jar is in the cause; the message itself only names the jar. */
  private static String withCause(RuntimeException e) {
    Throwable cause = e.getCause();
    return cause == null ? OneLine.of(e) : OneLine.of(e) + ": " + OneLine.of(cause);
  }

  private void refuse(String name, Path path, String reason) {
    refusals.add(
        new Refusal(name, "plugin %s in %s is not used: %s".formatted(name, path, reason)));
  }

  private static Plugin define(String name, Path path, PluginHost host)
      throws IOException, RefusedPluginException {
    List<Path> jars = Files.isDirectory(path) ? jarsIn(path) : List.of(path);
    if (jars.isEmpty()) {
      throw new RefusedPluginException(
          "the plugin folder %s has no jar in it; put the plugin's jars there or remove it"
              .formatted(path));
    }
    boolean providesServices = false;
    List<Path> own = new ArrayList<>();
    for (Path jar : jars) {
      PluginJar read = PluginJar.read(jar);
      read.checkSpi();
      providesServices |= read.providesServices();
      if (!read.isApiOnly()) {
        own.add(jar);
      }
    }
    if (!providesServices) {
      throw new RefusedPluginException(
          "plugin %s in %s provides nothing: no jar of it declares a service of io.kvbm.api"
              .formatted(name, path));
    }
    NativeLibraries natives = new NativeLibraries(path, own);
    return host.layer().isPresent()
        ? LayerPlugin.define(name, own, host.layer().get(), natives)
        : FolderPlugin.define(name, own, host.loader(), natives);
  }

  private static List<Path> jarsIn(Path folder) throws IOException, RefusedPluginException {
    if (!Files.isReadable(folder) || !Files.isExecutable(folder)) {
      throw new RefusedPluginException(
          "the plugin folder %s may not be read by this user; change its permissions"
              .formatted(folder));
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().endsWith(JAR))
          .filter(file -> !file.getFileName().toString().startsWith("."))
          .sorted()
          .toList();
    }
  }

  /** {@return one for each plugin that was found and is not used} */
  public List<Refusal> refusals() {
    return List.copyOf(refusals);
  }

  /**
   * Finds what the plugins provide, without what the platform itself provides.
   *
   * @param service one that this module uses
   * @param found gets each provider, in order of the plugins; its class is loaded, no object made
   * @param broken gets what keeps a provider of a plugin from being loaded, saying which plugin
   * @param <T> the service's type
   */
  public <T> void find(
      Class<T> service,
      Consumer<ServiceLoader.Provider<T>> found,
      Consumer<ServiceConfigurationError> broken) {
    if (plugins.isEmpty()) {
      return;
    }
    // The loader of each plugin comes upon these too, and they are not the plugin's fault.
    Set<String> below = new HashSet<>();
    find(host.load(service), _ -> {}, error -> below.add(OneLine.of(error)));
    for (Loaded loaded : plugins) {
      find(
          loaded.plugin().load(service),
          provider -> {
            if (loaded.plugin().owns(provider.type())) {
              found.accept(provider);
            }
          },
          error -> {
            String line = OneLine.of(error);
            if (!below.contains(line)) {
              broken.accept(
                  new ServiceConfigurationError(
                      "plugin %s in %s: %s".formatted(loaded.name(), loaded.path(), line)));
            }
          });
    }
  }

  /**
   * Goes through a service loader and past what is broken in it.
   *
   * @param loader where to look
   * @param found gets each provider; its class is loaded, no object made
   * @param broken gets what keeps a provider from being loaded
   * @param <T> the service's type
   */
  public static <T> void find(
      ServiceLoader<T> loader,
      Consumer<ServiceLoader.Provider<T>> found,
      Consumer<ServiceConfigurationError> broken) {
    Iterator<ServiceLoader.Provider<T>> providers = loader.stream().iterator();
    for (int errors = 0; errors < MAX_LOADER_ERRORS; ) {
      ServiceLoader.Provider<T> provider;
      try {
        if (!providers.hasNext()) {
          return;
        }
        provider = providers.next();
      } catch (ServiceConfigurationError e) {
        errors++;
        broken.accept(e);
        continue;
      } catch (LinkageError e) {
        errors++;
        broken.accept(new ServiceConfigurationError(OneLine.of(e), e));
        continue;
      }
      found.accept(provider);
    }
  }

  /** Ends the loading of classes. What the plugins made must have been closed before. */
  @Override
  public void close() {
    for (Loaded loaded : plugins.reversed()) {
      try {
        loaded.plugin().close();
      } catch (IOException e) {
        LOG.log(System.Logger.Level.DEBUG, "a plugin's jar did not close", e);
      }
    }
  }
}
