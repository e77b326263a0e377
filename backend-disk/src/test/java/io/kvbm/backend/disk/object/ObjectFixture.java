package io.kvbm.backend.disk.object;

import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.OpenMode;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.backend.disk.io.SingleThreadEngine;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.ManualClock;
import io.kvbm.testkit.disk.CrashOracle;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Stores for tests, and values that tell their version. */
final class ObjectFixture {

  static final Path DIRECTORY = Path.of("/store");

  /** The names of the files that hold something. */
  static final String FILES = "store-\\d|checkpoint-\\d|.*\\.(seg|obj)";

  private ObjectFixture() {}

  /** A store on the calling thread whose clock stands still. */
  static LogObjectStore open(Disk disk, StoreSettings settings) {
    return open(disk, new SingleThreadEngine(), DIRECTORY, OpenMode.WRITE, settings);
  }

  static LogObjectStore open(
      Disk disk, IoEngine engine, Path directory, OpenMode mode, StoreSettings settings) {
    return LogObjectStore.open(
        disk,
        engine,
        directory,
        mode,
        settings,
        new Codecs(List.of(new RunLengthCodec())),
        new ManualClock(),
        MemoryBudget.UNLIMITED,
        MetricsSink.NULL);
  }

  /** {@return a value of at least 8 bytes that tells its key and version} */
  static MemorySegment value(String key, long version, int byteSize) {
    MemorySegment value = MemorySegment.ofArray(new byte[byteSize]);
    value.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, version);
    BytePatterns.fill(value.asSlice(Long.BYTES), seed(key, version));
    return value;
  }

  private static long seed(String key, long version) {
    return version * 31 + key.hashCode();
  }

  /** {@return the version of a value, each byte of which is looked at} */
  static long version(String key, MemorySegment value) {
    long version = value.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
    BytePatterns.verify(value.asSlice(Long.BYTES), seed(key, version), key + " version " + version);
    return version;
  }

  /** {@return the version of a key's value, or {@link CrashOracle#ABSENT}} */
  static long version(ObjectStore store, String key) {
    Optional<byte[]> bytes = store.getBytes(key);
    return bytes.isEmpty() ? CrashOracle.ABSENT : version(key, MemorySegment.ofArray(bytes.get()));
  }

  /** {@return every file of a store, in the order of their names} */
  static Map<Path, byte[]> files(Disk disk) {
    Map<Path, byte[]> files = new LinkedHashMap<>();
    for (Path directory :
        List.of(DIRECTORY, DIRECTORY.resolve("segments"), DIRECTORY.resolve("objects"))) {
      for (Path path : disk.list(directory)) {
        if (path.getFileName().toString().matches(FILES)) {
          files.put(path, bytes(disk, path));
        }
      }
    }
    return files;
  }

  static byte[] bytes(Disk disk, Path path) {
    try (DiskFile file = disk.open(path, EnumSet.of(OpenOption.READ));
        Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(Math.max(1, file.byteSize()));
      MemorySegment whole = memory.asSlice(0, file.byteSize());
      file.readFully(0, whole);
      return whole.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /** Makes a store of its files. */
  static void restore(Disk disk, Map<Path, byte[]> files) {
    disk.createDirectories(DIRECTORY.resolve("segments"));
    disk.createDirectories(DIRECTORY.resolve("objects"));
    files.forEach((path, bytes) -> write(disk, path, 0, bytes, bytes.length));
  }

  /** Writes bytes into a file, made if it is not there, and gives it a length. */
  static void write(Disk disk, Path path, long position, byte[] bytes, long byteSize) {
    try (DiskFile file = disk.open(path, EnumSet.of(OpenOption.WRITE, OpenOption.CREATE));
        Arena arena = Arena.ofConfined()) {
      if (bytes.length > 0) {
        MemorySegment memory = arena.allocate(bytes.length);
        memory.copyFrom(MemorySegment.ofArray(bytes));
        file.writeFully(position, memory);
      }
      if (file.byteSize() != byteSize) {
        file.truncate(byteSize);
      }
    }
  }
}
