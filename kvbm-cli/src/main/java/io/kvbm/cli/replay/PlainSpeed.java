package io.kvbm.cli.replay;

import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.storage.Storage;
import io.kvbm.cli.console.Console;
import io.kvbm.core.Platform;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.RouteUse;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;

/**
 * What the machine does without us: a memory copy and a file write of as many bytes as the replay
 * moved, block by block. Measured in the same process right after the replay. A comparison that
 * cannot be made costs the figure, not the replay.
 *
 * @param memcpyBytesPerSecond plain copies between two areas of host memory; 0 if not measured
 * @param fileWriteBytesPerSecond plain writes of a file through the page cache, with a sync at the
 *     end; 0 if not measured
 */
record PlainSpeed(double memcpyBytesPerSecond, double fileWriteBytesPerSecond) {

  /** Enough to be past every cache, and not to wait for long. */
  private static final long MOST_BYTES = 4L << 30;

  private static final long AREA_BYTES = 512L << 20;

  /** A buffer cannot be as large as a block can. */
  private static final long MOST_AT_ONCE = 1L << 30;

  private static final long LEAST_BLOCKS = 256;

  /** Measures what compares with a replay; says so on the console where that fails. */
  static PlainSpeed beside(
      ReplayReport report, ReplayOptions options, Platform platform, Console console) {
    long memoryBytes = LEAST_BLOCKS * options.blockByteSize();
    long fileBytes = 0;
    for (RouteUse route : report.routes()) {
      if (route.route().endsWith("->disk")) {
        fileBytes += route.byteSize();
      } else if (!route.route().startsWith("disk->")) {
        memoryBytes += route.byteSize();
      }
    }
    return new PlainSpeed(
        memorySpeed(memoryBytes, options, platform, console),
        fileBytes == 0 ? 0 : fileSpeed(fileBytes, options, platform, console));
  }

  private static double memorySpeed(
      long bytes, ReplayOptions options, Platform platform, Console console) {
    long block = options.blockByteSize();
    long area = area(Math.min(bytes, AREA_BYTES), block);
    try (Storage source = platform.allocator("system").allocate(area);
        Storage target = platform.allocator("system").allocate(area)) {
      source.memset(1, 0, area);
      target.memset(2, 0, area);
      return copySpeed(
          platform.clock(),
          source.view(),
          target.mutableView(),
          block,
          Math.min(MOST_BYTES, bytes));
    } catch (KvbmException e) {
      console.note("the plain memory copy was not measured: " + e.getMessage());
      return 0;
    }
  }

  /**
   * The file is as large as the disk tier was: no smaller work for the disk, and it fits where that
   * did.
   */
  private static double fileSpeed(
      long bytes, ReplayOptions options, Platform platform, Console console) {
    long block = options.blockByteSize();
    long most = Math.min(MOST_BYTES, bytes);
    long fileArea = area(Math.min(most, options.byteSize(CacheLevel.DISK)), block);
    long area = Math.min(fileArea, area(AREA_BYTES, block));
    Path directory = directory(options);
    try (Storage source = platform.allocator("system").allocate(area)) {
      BlockContent.fill(source.mutableView(), 1);
      return writeSpeed(platform.clock(), source.view(), block, fileArea, most, directory);
    } catch (KvbmException | IOException e) {
      console.note(
          "the plain file write in %s was not measured: %s".formatted(directory, e.getMessage()));
      return 0;
    }
  }

  private static long area(long bytes, long block) {
    return Math.max(1, bytes / block) * block;
  }

  private static Path directory(ReplayOptions options) {
    Path chosen = options.diskDirectory();
    return chosen != null ? chosen : options.scratchParent();
  }

  /** The median over passes of the area: a pause of the machine spoils one of them. */
  private static double copySpeed(
      Clock clock, MemorySegment source, MemorySegment target, long block, long bytes) {
    long area = source.byteSize();
    List<Double> passes = new ArrayList<>();
    long done = 0;
    while (done < bytes) {
      long start = clock.nanoTime();
      for (long offset = 0; offset < area; offset += block) {
        MemorySegment.copy(source, offset, target, offset, block);
      }
      passes.add(perSecond(area, clock.nanoTime() - start));
      done += area;
    }
    Collections.sort(passes);
    return passes.get(passes.size() / 2);
  }

  /** The file loses its name as soon as it is open: a killed run leaves none behind. */
  private static double writeSpeed(
      Clock clock, MemorySegment source, long block, long fileArea, long bytes, Path directory)
      throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            directory.resolve("kvbm-plain-" + UUID.randomUUID()),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE)) {
      long done = 0;
      long start = clock.nanoTime();
      while (done < bytes) {
        writeBlock(channel, source.asSlice(done % source.byteSize(), block), done % fileArea);
        done += block;
      }
      channel.force(false);
      return perSecond(done, clock.nanoTime() - start);
    }
  }

  private static void writeBlock(FileChannel channel, MemorySegment block, long position)
      throws IOException {
    long done = 0;
    while (done < block.byteSize()) {
      long length = Math.min(MOST_AT_ONCE, block.byteSize() - done);
      done += channel.write(block.asSlice(done, length).asByteBuffer(), position + done);
    }
  }

  private static double perSecond(long bytes, long nanos) {
    return bytes * 1e9 / Math.max(1, nanos);
  }
}
