package io.kvbm.testkit.broken;

import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.DiskFile;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * Reads half of what it was asked for and says that it read everything.
 *
 * @param disk the sound disk under it
 */
record ShortReadDisk(Disk disk) implements Disk {

  @Override
  public String name() {
    return disk.name();
  }

  @Override
  public DiskFile open(Path path, Set<OpenOption> options) {
    return shortened(disk.open(path, options));
  }

  @Override
  public DiskFile openTemporary(Path template, Set<OpenOption> options) {
    return disk.openTemporary(template, options);
  }

  @Override
  public boolean exists(Path path) {
    return disk.exists(path);
  }

  @Override
  public List<Path> list(Path directory) {
    return disk.list(directory);
  }

  @Override
  public void createDirectories(Path directory) {
    disk.createDirectories(directory);
  }

  @Override
  public void rename(Path source, Path target) {
    disk.rename(source, target);
  }

  @Override
  public void unlink(Path path) {
    disk.unlink(path);
  }

  @Override
  public void syncDirectory(Path directory) {
    disk.syncDirectory(directory);
  }

  @Override
  public DiskLock lock(Path path) {
    return disk.lock(path);
  }

  @Override
  public long usableByteSize(Path path) {
    return disk.usableByteSize(path);
  }

  private static DiskFile shortened(DiskFile file) {
    InvocationHandler handler =
        (proxy, method, arguments) -> {
          if (method.getName().equals("read")) {
            MemorySegment target = (MemorySegment) arguments[1];
            int count = file.read((long) arguments[0], target.asSlice(0, target.byteSize() / 2));
            return target.byteSize() > 1 && count >= 0 ? (int) target.byteSize() : count;
          }
          return method.isDefault()
              ? InvocationHandler.invokeDefault(proxy, method, arguments)
              : invoke(file, method, arguments);
        };
    return (DiskFile)
        Proxy.newProxyInstance(
            DiskFile.class.getClassLoader(), new Class<?>[] {DiskFile.class}, handler);
  }

  private static Object invoke(DiskFile file, Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(file, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
