package io.kvbm.backend.disk.media;

import io.kvbm.api.BackendException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.api.store.MediaProfile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Measures a directory for a fifth of a second: writes a file, syncs it, reads it in order and at
 * random, past the page cache where that goes. The figures are a first estimate, of a device that
 * may be busy with other things; a benchmark takes longer.
 *
 * <p>The file has no name while it is measured, so that nothing is left behind, whatever happens.
 * On a slow medium a single write or sync may take longer than planned.
 */
public final class MediaProbe {

  /** The most reads that are in flight at once, a thread each. */
  public static final int MAX_THREADS = 8;

  private static final String TEMPLATE = ".kvbm-probe-XXXXXX";
  private static final int LARGE = 1 << 20;
  private static final int SMALL = 4096;
  private static final long MAX_BYTE_SIZE = 64L << 20;

  /** By each thread; only memory is that fast. */
  private static final int MAX_READS = 8192;

  private static final long MIN_FREE_BYTE_SIZE = 4 * MAX_BYTE_SIZE;
  private static final long PHASE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final double MEGABYTE = 1e6;

  private final Disk disk;
  private final Path directory;
  private final int threads;

  private MediaProbe(Disk disk, Path directory, int threads) {
    this.disk = disk;
    this.directory = directory;
    this.threads = threads;
  }

  /**
   * Measures a directory.
   *
   * @param disk reaches the files
   * @param directory where; it exists
   * @param profile what is assumed so far: how many reads to keep in flight
   * @return what was found
   * @throws CapacityException if there is too little space to try
   * @throws KvbmException if the directory cannot be written or read
   */
  public static MediaMeasurement measure(Disk disk, Path directory, MediaProfile profile) {
    int threads = Math.clamp(profile.queueDepth(), 1, MAX_THREADS);
    return new MediaProbe(disk, directory, threads).measure();
  }

  private MediaMeasurement measure() {
    long usable = disk.usableByteSize(directory);
    if (usable < MIN_FREE_BYTE_SIZE) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "%s has %d bytes left, too little to measure it; free some".formatted(directory, usable),
          MIN_FREE_BYTE_SIZE,
          usable);
    }
    try {
      return measure(true);
    } catch (BackendException e) {
      return measure(false); // Some file systems take the flag and refuse the first write.
    }
  }

  private MediaMeasurement measure(boolean direct) {
    EnumSet<OpenOption> options = EnumSet.of(OpenOption.READ, OpenOption.WRITE);
    if (direct) {
      options.add(OpenOption.DIRECT);
    }
    long start = System.nanoTime();
    try (DiskFile file = disk.openTemporary(directory.resolve(TEMPLATE), options);
        Arena arena = Arena.ofConfined()) {
      disk.unlink(file.path());
      MemorySegment large = arena.allocate(LARGE, LARGE);
      fillRandomly(large);
      long writing = System.nanoTime();
      long written = write(file, large);
      long writtenAt = System.nanoTime();
      file.sync(false);
      long synced = System.nanoTime();
      int read = readInOrder(file, large, written);
      int iops = readAtRandom(file, written);
      return new MediaMeasurement(
          file.isDirect(),
          read,
          megabytesPerSecond(written, writtenAt - writing),
          iops,
          TimeUnit.NANOSECONDS.toMicros(synced - writtenAt),
          written,
          System.nanoTime() - start);
    }
  }

  /** Some devices and file systems compress, or keep equal blocks once. */
  private static void fillRandomly(MemorySegment memory) {
    Random random = new Random(memory.address());
    for (long i = 0; i < memory.byteSize(); i += Long.BYTES) {
      memory.set(ValueLayout.JAVA_LONG, i, random.nextLong());
    }
  }

  private static long write(DiskFile file, MemorySegment piece) {
    long start = System.nanoTime();
    long written = 0;
    do {
      file.writeFully(written, piece);
      written += piece.byteSize();
    } while (written < MAX_BYTE_SIZE && System.nanoTime() - start < PHASE_NANOS);
    return written;
  }

  private static int readInOrder(DiskFile file, MemorySegment piece, long byteSize) {
    long start = System.nanoTime();
    long read = 0;
    do {
      file.readFully(read % byteSize, piece);
      read += piece.byteSize();
    } while (read < MAX_BYTE_SIZE && System.nanoTime() - start < PHASE_NANOS);
    return megabytesPerSecond(read, System.nanoTime() - start);
  }

  private int readAtRandom(DiskFile file, long byteSize) {
    try (ExecutorService readers =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().daemon().name("kvbm-probe-", 0).factory())) {
      List<Future<Long>> counts = new ArrayList<>();
      long start = System.nanoTime();
      for (int i = 0; i < threads; i++) {
        long seed = i;
        counts.add(readers.submit(() -> countReads(file, byteSize, seed)));
      }
      long reads = 0;
      for (Future<Long> count : counts) {
        reads += result(count);
      }
      return (int) Math.min(Integer.MAX_VALUE, reads * 1e9 / (System.nanoTime() - start));
    }
  }

  private static long countReads(DiskFile file, long byteSize, long seed) {
    Random random = new Random(seed);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment page = arena.allocate(SMALL, SMALL);
      long start = System.nanoTime();
      long count = 0;
      do {
        file.readFully(random.nextLong(byteSize / SMALL) * SMALL, page);
        count++;
      } while (count < MAX_READS && System.nanoTime() - start < PHASE_NANOS);
      return count;
    }
  }

  /** An interrupt does not shorten the few milliseconds; the thread stays interrupted. */
  private static long result(Future<Long> count) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return count.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof KvbmException failure) {
        throw failure;
      }
      throw new BackendException(
          ErrorCode.OPERATION_FAILED, "cannot measure: " + e.getCause(), e.getCause());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static int megabytesPerSecond(long byteSize, long nanos) {
    return (int) Math.max(1, byteSize / MEGABYTE / (Math.max(1, nanos) / 1e9));
  }
}
