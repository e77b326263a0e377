package io.kvbm.core.plugin;

import java.io.IOException;
import java.util.ServiceLoader;

/**
 * One loaded plugin: its jars behind a class loader of their own.
 *
 * <p>Threading: safe from any thread. Closing ends the loading of classes and removes the copies of
 * native libraries; what the plugin made must have been closed before.
 */
interface Plugin extends AutoCloseable {

  /**
   * {@return a loader of what this plugin and those below it provide; the platform's own among it}
   *
   * @param service one that the module of this package uses
   */
  <T> ServiceLoader<T> load(Class<T> service);

  /** {@return whether a class is the plugin's own} */
  boolean owns(Class<?> type);

  @Override
  void close() throws IOException;
}
