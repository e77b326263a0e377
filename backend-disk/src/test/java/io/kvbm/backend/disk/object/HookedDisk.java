package io.kvbm.backend.disk.object;

import io.kvbm.api.disk.Disk;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.function.BiConsumer;

/** A disk on which something happens before a call. */
final class HookedDisk {

  private HookedDisk() {}

  /**
   * {@return a disk that does what another does}
   *
   * @param disk the other
   * @param hook called before each call with the method's name and its first argument as text
   */
  static Disk before(Disk disk, BiConsumer<String, String> hook) {
    return (Disk)
        Proxy.newProxyInstance(
            Disk.class.getClassLoader(),
            new Class<?>[] {Disk.class},
            (_, method, arguments) -> {
              String first =
                  arguments == null || arguments.length == 0 ? "" : String.valueOf(arguments[0]);
              hook.accept(method.getName(), first);
              try {
                return method.invoke(disk, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
