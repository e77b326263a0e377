package io.kvbm.core.plugin;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.module.Configuration;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.lang.module.ResolvedModule;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.net.URLConnection;
import java.nio.ByteBuffer;
import java.security.CodeSigner;
import java.security.CodeSource;
import java.security.SecureClassLoader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Defines the classes of all modules of one plugin, and finds the plugin's native libraries, which
 * the loaders the JDK makes for a layer cannot.
 *
 * <p>A package of the plugin's own modules comes from the plugin, a package of a module it reads in
 * the layers below from there, everything else from the JDK. Threading: safe from any thread.
 */
final class LayerClassLoader extends SecureClassLoader implements AutoCloseable {

  static {
    ClassLoader.registerAsParallelCapable();
  }

  private final Map<String, ModuleReference> modules = new HashMap<>();
  private final Map<String, ModuleReference> modulesByPackage = new HashMap<>();
  private final Map<String, ClassLoader> loadersByPackage = new HashMap<>();
  private final Map<String, ModuleReader> readers = new ConcurrentHashMap<>();
  private final NativeLibraries natives;
  private volatile boolean closed;

  /**
   * Knows where everything is and defines nothing yet.
   *
   * @param name the plugin's name, for stack traces
   * @param configuration the plugin's modules
   * @param below the layer the configuration was resolved against
   * @param natives the plugin's native libraries; stays the caller's
   */
  LayerClassLoader(
      String name, Configuration configuration, ModuleLayer below, NativeLibraries natives) {
    super(name, ClassLoader.getPlatformClassLoader());
    this.natives = natives;
    for (ResolvedModule module : configuration.modules()) {
      ModuleReference reference = module.reference();
      modules.put(module.name(), reference);
      reference.descriptor().packages().forEach(owned -> modulesByPackage.put(owned, reference));
    }
    for (ResolvedModule module : configuration.modules()) {
      for (ResolvedModule read : module.reads()) {
        if (!read.configuration().equals(configuration)) {
          addForeign(read, module.name(), below);
        }
      }
    }
  }

  private void addForeign(ResolvedModule read, String reader, ModuleLayer below) {
    ClassLoader loader =
        layers(below)
            .filter(layer -> layer.configuration().equals(read.configuration()))
            .findFirst()
            .map(layer -> layer.findLoader(read.name()))
            .orElse(ClassLoader.getPlatformClassLoader());
    exported(read.reference().descriptor(), reader)
        .forEach(visible -> loadersByPackage.put(visible, loader));
  }

  private static Stream<ModuleLayer> layers(ModuleLayer top) {
    return Stream.concat(Stream.of(top), top.parents().stream().flatMap(LayerClassLoader::layers));
  }

  private static Stream<String> exported(ModuleDescriptor descriptor, String reader) {
    return descriptor.isAutomatic()
        ? descriptor.packages().stream()
        : descriptor.exports().stream()
            .filter(exports -> !exports.isQualified() || exports.targets().contains(reader))
            .map(ModuleDescriptor.Exports::source);
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    synchronized (getClassLoadingLock(name)) {
      Class<?> found = findLoadedClass(name);
      if (found == null) {
        found = locate(name);
      }
      if (resolve) {
        resolveClass(found);
      }
      return found;
    }
  }

  private Class<?> locate(String name) throws ClassNotFoundException {
    String packageName = packageOf(name);
    ModuleReference own = modulesByPackage.get(packageName);
    if (own != null) {
      Class<?> found = define(own, name);
      if (found == null) {
        throw new ClassNotFoundException(name);
      }
      return found;
    }
    ClassLoader foreign = loadersByPackage.get(packageName);
    return foreign == null ? super.loadClass(name, false) : foreign.loadClass(name);
  }

  private static String packageOf(String className) {
    int dot = className.lastIndexOf('.');
    return dot < 0 ? "" : className.substring(0, dot);
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    // Reached for packages of no module: everything of a module was found before.
    throw new ClassNotFoundException(name);
  }

  @Override
  protected @Nullable Class<?> findClass(String moduleName, String name) {
    ModuleReference module = modules.get(moduleName);
    if (module == null || !module.descriptor().packages().contains(packageOf(name))) {
      return null;
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> found = findLoadedClass(name);
      return found == null ? define(module, name) : found;
    }
  }

  private @Nullable Class<?> define(ModuleReference module, String name) {
    try {
      ModuleReader reader = reader(module);
      Optional<ByteBuffer> bytes = reader.read(name.replace('.', '/') + ".class");
      if (bytes.isEmpty()) {
        return null;
      }
      try {
        return defineClass(name, bytes.get(), codeSource(module));
      } finally {
        reader.release(bytes.get());
      }
    } catch (IOException e) {
      return null; // Closed, or the jar is gone: the class cannot be had any more.
    }
  }

  private static CodeSource codeSource(ModuleReference module) throws MalformedURLException {
    URI location = module.location().orElse(null);
    return new CodeSource(location == null ? null : location.toURL(), (CodeSigner[]) null);
  }

  private ModuleReader reader(ModuleReference module) throws IOException {
    if (closed) {
      throw new IOException("plugin " + getName() + " is closed");
    }
    ModuleReader reader;
    try {
      reader = readers.computeIfAbsent(module.descriptor().name(), _ -> open(module));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    if (closed) {
      reader.close(); // Opened while others were being closed.
    }
    return reader;
  }

  private static ModuleReader open(ModuleReference module) {
    try {
      return module.open();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  protected @Nullable URL findResource(@Nullable String moduleName, String name)
      throws IOException {
    ModuleReference module = moduleName == null ? null : modules.get(moduleName);
    if (module == null) {
      return null;
    }
    Optional<URI> found = reader(module).find(name);
    return found.isEmpty() ? null : found.get().toURL();
  }

  @Override
  protected @Nullable URL findResource(String name) {
    List<URL> found = findAll(name);
    return found.isEmpty() ? null : found.getFirst();
  }

  @Override
  protected Enumeration<URL> findResources(String name) {
    return Collections.enumeration(findAll(name));
  }

  private List<URL> findAll(String name) {
    List<URL> found = new ArrayList<>();
    for (String module : modules.keySet().stream().sorted().toList()) {
      try {
        URL url = findResource(module, name);
        if (url != null) {
          found.add(url);
        }
      } catch (IOException e) {
        // Closed, or the jar is gone: not there any more.
      }
    }
    return found;
  }

  /** The plugin's own comes first: its libraries must not read the settings of others. */
  @Override
  public @Nullable URL getResource(String name) {
    URL own = findResource(name);
    return own == null ? super.getResource(name) : own;
  }

  @Override
  public Enumeration<URL> getResources(String name) throws IOException {
    List<URL> found = findAll(name);
    ClassLoader parent = getParent();
    found.addAll(Collections.list(parent.getResources(name)));
    return Collections.enumeration(found);
  }

  /** Past the cache of the JDK, which would hold the jar open beyond {@link #close}. */
  @Override
  public @Nullable InputStream getResourceAsStream(String name) {
    URL found = getResource(name);
    if (found == null) {
      return null;
    }
    try {
      URLConnection connection = found.openConnection();
      connection.setUseCaches(false);
      return connection.getInputStream();
    } catch (IOException e) {
      return null;
    }
  }

  @Override
  protected @Nullable String findLibrary(String name) {
    return natives.find(name);
  }

  /** Closes the jars. Classes that were defined stay usable; no more can be loaded. */
  @Override
  public void close() throws IOException {
    closed = true;
    IOException failure = null;
    for (ModuleReader reader : readers.values()) {
      try {
        reader.close();
      } catch (IOException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
