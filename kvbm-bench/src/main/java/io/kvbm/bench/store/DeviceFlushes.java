package io.kvbm.bench.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How often a directory's device was told to flush its cache. It counts every sync that reaches the
 * device, whichever way it was asked for, and those of other processes, too.
 */
final class DeviceFlushes {

  private static final int FLUSHES_FIELD = 15;

  private DeviceFlushes() {}

  /** {@return the count so far; -1 where there is none} */
  static long of(Path directory) {
    try {
      long device = ((Number) Files.getAttribute(directory, "unix:dev")).longValue();
      long major = device >> 8 & 0xfff | device >> 32 & 0xfffff000L;
      long minor = device & 0xff | device >> 12 & 0xffffff00L;
      Path folder = Path.of("/sys/dev/block/" + major + ":" + minor).toRealPath();
      Path disk = Files.exists(folder.resolve("partition")) ? folder.resolve("..") : folder;
      String[] fields = Files.readString(disk.resolve("stat")).strip().split("\\s+", -1);
      return fields.length > FLUSHES_FIELD ? Long.parseLong(fields[FLUSHES_FIELD]) : -1;
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      return -1;
    }
  }
}
