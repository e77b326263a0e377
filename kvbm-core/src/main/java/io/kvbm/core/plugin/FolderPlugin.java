package io.kvbm.core.plugin;

import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;

/** A plugin behind a plain class loader, where kvbm itself is on the class path. */
final class FolderPlugin implements Plugin {

  private final FolderClassLoader loader;
  private final NativeLibraries natives;

  private FolderPlugin(FolderClassLoader loader, NativeLibraries natives) {
    this.loader = loader;
    this.natives = natives;
  }

  /**
   * Makes the loader; loads no class by it.
   *
   * @param name for stack traces
   * @param jars the plugin's jars without the api
   * @param parent has the api
   * @param natives closed with the plugin
   */
  static Plugin define(String name, List<Path> jars, ClassLoader parent, NativeLibraries natives)
      throws MalformedURLException {
    URL[] urls = new URL[jars.size()];
    for (int i = 0; i < urls.length; i++) {
      urls[i] = jars.get(i).toUri().toURL();
    }
    return new FolderPlugin(new FolderClassLoader(name, urls, parent, natives), natives);
  }

  @Override
  public <T> ServiceLoader<T> load(Class<T> service) {
    return ServiceLoader.load(service, loader);
  }

  @Override
  public boolean owns(Class<?> type) {
    return type.getClassLoader() == loader;
  }

  @Override
  public void close() throws IOException {
    natives.close();
    loader.close();
  }
}
