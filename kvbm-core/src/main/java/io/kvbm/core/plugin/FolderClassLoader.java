package io.kvbm.core.plugin;

import java.net.URL;
import java.net.URLClassLoader;
import org.jspecify.annotations.Nullable;

/**
 * Loads one plugin where kvbm itself is on the class path. The plugin sees the api, the JDK and
 * what it carries; libraries of the platform or of the application are not for it. Threading: safe
 * from any thread.
 */
final class FolderClassLoader extends URLClassLoader {

  static {
    ClassLoader.registerAsParallelCapable();
  }

  /** Both sides must mean the same types. */
  private static final String API_PACKAGE = "io.kvbm.api.";

  private final ClassLoader api;
  private final NativeLibraries natives;

  /**
   * Opens nothing yet.
   *
   * @param name the plugin's name, for stack traces
   * @param jars its jars
   * @param api has the api
   * @param natives the plugin's native libraries; stays the caller's
   */
  FolderClassLoader(String name, URL[] jars, ClassLoader api, NativeLibraries natives) {
    super(name, jars, ClassLoader.getPlatformClassLoader());
    this.api = api;
    this.natives = natives;
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    // What the platform's api lacks must not come from a copy: half of each fits neither.
    return name.startsWith(API_PACKAGE) ? api.loadClass(name) : super.loadClass(name, resolve);
  }

  @Override
  protected @Nullable String findLibrary(String name) {
    return natives.find(name);
  }
}
