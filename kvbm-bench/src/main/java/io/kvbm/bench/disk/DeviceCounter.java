package io.kvbm.bench.disk;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Reads what the kernel counts for the device under a directory, in {@code /proc/diskstats}. */
final class DeviceCounter {

  private static final Path DISKSTATS = Path.of("/proc/diskstats");
  private static final long SECTOR_BYTE_SIZE = 512;

  private final Path file;
  private final long major;
  private final long minor;

  /**
   * @param file in the form of {@code /proc/diskstats}
   * @param device as {@code stat} gives it
   */
  DeviceCounter(Path file, long device) {
    this.file = file;
    this.major = ((device >> 8) & 0xfff) | ((device >> 32) & ~0xfffL);
    this.minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  }

  static DeviceCounter of(Path directory) {
    try {
      return new DeviceCounter(
          DISKSTATS, ((Number) Files.getAttribute(directory, "unix:dev")).longValue());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot look at " + directory, e);
    }
  }

  /** {@return the device's name, or empty where the kernel counts nothing for it} */
  Optional<String> device() {
    return line().map(fields -> fields[2]);
  }

  /** {@return what it moved so far} */
  DeviceTraffic read() {
    return line()
        .map(
            fields ->
                new DeviceTraffic(
                    Long.parseLong(fields[5]) * SECTOR_BYTE_SIZE,
                    Long.parseLong(fields[9]) * SECTOR_BYTE_SIZE))
        .orElse(DeviceTraffic.UNKNOWN);
  }

  private Optional<String[]> line() {
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (IOException e) {
      return Optional.empty();
    }
    return lines.stream()
        .map(line -> line.strip().split("\\s+", -1))
        .filter(
            fields ->
                fields.length > 9
                    && Long.parseLong(fields[0]) == major
                    && Long.parseLong(fields[1]) == minor)
        .findFirst();
  }
}
