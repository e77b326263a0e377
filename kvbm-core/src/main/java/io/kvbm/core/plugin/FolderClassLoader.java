package io.kvbm.core.plugin;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Loads one plugin where kvbm itself is on the class path. What the plugin carries comes from the
 * plugin; the api and what it does not carry come from the parent. Threading: safe from any thread.
 */
final class FolderClassLoader extends URLClassLoader {

  static {
    ClassLoader.registerAsParallelCapable();
  }

  /** Both sides must mean the same types. */
  private static final String API_PACKAGE = "io.kvbm.api.";

  private final NativeLibraries natives;

  /**
   * Opens nothing yet.
   *
   * @param name the plugin's name, for stack traces
   * @param jars its jars
   * @param parent has the api
   * @param natives the plugin's native libraries; stays the caller's
   */
  FolderClassLoader(String name, URL[] jars, ClassLoader parent, NativeLibraries natives) {
    super(name, jars, parent);
    this.natives = natives;
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    synchronized (getClassLoadingLock(name)) {
      Class<?> found = findLoadedClass(name);
      if (found == null) {
        // What the parent's api lacks must not come from a copy: half of each fits neither.
        found = name.startsWith(API_PACKAGE) ? getParent().loadClass(name) : locate(name);
      }
      if (resolve) {
        resolveClass(found);
      }
      return found;
    }
  }

  private Class<?> locate(String name) throws ClassNotFoundException {
    try {
      return findClass(name);
    } catch (ClassNotFoundException e) {
      return super.loadClass(name, false);
    }
  }

  @Override
  public @Nullable URL getResource(String name) {
    URL own = findResource(name);
    return own == null ? super.getResource(name) : own;
  }

  @Override
  public Enumeration<URL> getResources(String name) throws IOException {
    List<URL> found = new ArrayList<>(Collections.list(findResources(name)));
    ClassLoader parent = getParent();
    found.addAll(Collections.list(parent.getResources(name)));
    return Collections.enumeration(found);
  }

  @Override
  protected @Nullable String findLibrary(String name) {
    return natives.find(name);
  }
}
