package io.kvbm.cli.replay;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.storage.Storage;
import io.kvbm.core.Platform;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * What the machine does without us: a memory copy and a file write of as many bytes, block by block, over areas as large
 * as the tiers. Measured in the same process right after the replay.
 *
 * @param memcpyBytesPerSecond plain copies between two areas of host memory
 * @param fileWriteBytesPerSecond plain writes of a file through the page cache, with a sync at the end; 0 if not measured
 */
record PlainSpeed(double memcpyBytesPerSecond, double fileWriteBytesPerSecond) {

  /** Enough to be past every cache, and not to wait for long. */
  private static final long MOST_BYTES = 4L << 30;

  private static final long AREA_BYTES = 512L << 20;

  /** Measures; {@code directory} null leaves the file out. */
  static PlainSpeed measure(
      Platform platform, long blockByteSize, long memoryBytes, long fileBytes, @Nullable Path directory) {
    long area = Math.max(blockByteSize, Math.min(AREA_BYTES, memoryBytes) / blockByteSize * blockByteSize);
    try (Storage source = platform.allocator("system").allocate(area);
        Storage target = platform.allocator("system").allocate(area)) {
      source.memset(1, 0, area);
      target.memset(2, 0, area);
      double memory =
          copySpeed(
              platform.clock(),
              source.view(),
              target.mutableView(),
              blockByteSize,
              Math.min(MOST_BYTES, memoryBytes));
      double file =
          directory == null || fileBytes == 0
              ? 0
              : writeSpeed(
                  platform.clock(),
                  source.view(),
                  blockByteSize,
                  Math.min(MOST_BYTES, fileBytes),
                  directory);
      return new PlainSpeed(memory, file);
    }
  }

  private static double copySpeed(
      Clock clock, MemorySegment source, MemorySegment target, long block, long bytes) {
    long area = source.byteSize();
    long done = 0;
    long start = clock.nanoTime();
    while (done < bytes) {
      long offset = done % area;
      MemorySegment.copy(source, offset, target, offset, Math.min(block, area - offset));
      done += block;
    }
    return perSecond(done, clock.nanoTime() - start);
  }

  private static double writeSpeed(
      Clock clock, MemorySegment source, long block, long bytes, Path directory) {
    Path file = null;
    try {
      file = Files.createTempFile(directory, "kvbm-plain-", ".tmp");
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        long area = source.byteSize();
        long done = 0;
        long start = clock.nanoTime();
        while (done < bytes) {
          long offset = done % area;
          MemorySegment part = source.asSlice(offset, Math.min(block, area - offset));
          long written = channel.write(part.asByteBuffer(), offset);
          done += written;
        }
        channel.force(false);
        return perSecond(done, clock.nanoTime() - start);
      }
    } catch (IOException e) {
      throw new BackendException(
          ErrorCode.OPERATION_FAILED,
          "the plain file write in %s failed: %s".formatted(directory, e.getMessage()),
          e);
    } finally {
      deleteQuietly(file);
    }
  }

  private static void deleteQuietly(@Nullable Path file) {
    if (file != null) {
      file.toFile().delete();
    }
  }

  private static double perSecond(long bytes, long nanos) {
    return bytes * 1e9 / Math.max(1, nanos);
  }
}
