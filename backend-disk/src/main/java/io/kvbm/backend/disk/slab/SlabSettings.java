package io.kvbm.backend.disk.slab;

import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.ConfigKey;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How a block store on disk works.
 *
 * @param directory where its files are
 * @param direct whether they bypass the page cache: {@code auto}, {@code true} or {@code false}
 * @param ioDepth how many reads and writes are at the device at once
 * @param ioDeadlineNanos when an operation the device does not answer counts as failed
 * @param inFlightByteSize the most bytes in flight; one slot in any case
 * @param dailyWriteByteSize the most bytes written in a day; 0 for no limit
 * @param rejectFirst whether a block is written only when it is offered for the second time
 * @param extentByteSize the most bytes of a file
 */
public record SlabSettings(
    Path directory,
    String direct,
    int ioDepth,
    long ioDeadlineNanos,
    long inFlightByteSize,
    long dailyWriteByteSize,
    boolean rejectFirst,
    long extentByteSize) {

  /** The directory in the backend's own. */
  public static final String DIRECTORY = "kvbm-blocks";

  static final int MAX_IO_DEPTH = 1024;

  private static final String REJECT_FIRST = "reject-first";

  /** The settings there are. */
  public static final List<ConfigKey> KEYS =
      List.of(
          new ConfigKey(
              "blockDir",
              ConfigKey.Type.PATH,
              "",
              "directory of the blocks that survive a restart (default: kvbm-blocks in dir)"),
          new ConfigKey(
                  "blockIoDepth",
                  ConfigKey.Type.INTEGER,
                  "32",
                  "how many blocks are read or written at once by a block store")
              .withRange(1, MAX_IO_DEPTH),
          new ConfigKey(
              "ioDeadline",
              ConfigKey.Type.DURATION,
              "30s",
              "when a block the disk does not read or write counts as failed"),
          new ConfigKey(
                  "inFlightBytes",
                  ConfigKey.Type.BYTE_SIZE,
                  "64MiB",
                  "the most bytes of blocks in flight; more wait in line")
              .withRange(1, Long.MAX_VALUE),
          new ConfigKey(
                  "dailyWriteBudget",
                  ConfigKey.Type.BYTE_SIZE,
                  "0",
                  "the most bytes of blocks written in a day, to save the medium; 0 = no limit")
              .withRange(0, Long.MAX_VALUE),
          new ConfigKey(
                  "admission",
                  ConfigKey.Type.STRING,
                  "all",
                  "which blocks are written: all, or reject-first for those offered twice")
              .withChoices("all", REJECT_FIRST));

  /** {@return the settings of a store nobody configured} */
  public static SlabSettings in(Path directory) {
    return of(BackendConfig.empty(), directory, "auto");
  }

  /**
   * {@return settings}
   *
   * @param config what was configured
   * @param backendDirectory the backend's own directory
   * @param direct the backend's choice: {@code auto}, {@code true} or {@code false}
   */
  public static SlabSettings of(BackendConfig config, Path backendDirectory, String direct) {
    return new SlabSettings(
        config.path("blockDir").orElseGet(() -> backendDirectory.resolve(DIRECTORY)),
        direct,
        Math.toIntExact(config.integer("blockIoDepth").orElse(32L)),
        duration(config.duration("ioDeadline")),
        config.byteSize("inFlightBytes").orElse(64L << 20),
        config.byteSize("dailyWriteBudget").orElse(0L),
        config.string("admission").filter(REJECT_FIRST::equals).isPresent(),
        SlabLayout.EXTENT_BYTE_SIZE);
  }

  private static long duration(Optional<Duration> configured) {
    return configured.orElse(Duration.ofSeconds(30)).toNanos();
  }

  /** {@return these settings with extents of another length} */
  SlabSettings withExtents(long byteSize) {
    return new SlabSettings(
        directory,
        direct,
        ioDepth,
        ioDeadlineNanos,
        inFlightByteSize,
        dailyWriteByteSize,
        rejectFirst,
        byteSize);
  }

  /** {@return how many slots may be in flight} */
  int buffers(SlabLayout layout) {
    return Math.clamp(inFlightByteSize / layout.slotStride(), 1, layout.slots());
  }
}
