package io.kvbm.backend.disk.io;

import io.kvbm.api.BackendException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.backend.disk.file.Pages;
import io.kvbm.backend.disk.file.PosixFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Finds the engine that works in a directory by doing what it will do: a page is written and read
 * back. A kernel, a container and a file system can each refuse, and some do so only at the first
 * read or write.
 */
public final class IoEngines {

  private static final System.Logger LOGGER = System.getLogger(IoEngines.class.getName());

  /** Refusals that were said: once is enough. */
  private static final Set<String> REPORTED = ConcurrentHashMap.newKeySet();

  private static final String PROBE = ".kvbm-engine-probe-XXXXXX";
  private static final Set<OpenOption> DIRECT_OPTIONS =
      Set.of(OpenOption.READ, OpenOption.WRITE, OpenOption.DIRECT);
  private static final int PROBE_BYTE_SIZE = 4096;
  private static final long PROBE_PATTERN = 0x6b76626d2d696f21L;

  private final Disk disk;
  private final Path directory;
  private final Supplier<IoEngine> ring;

  private IoEngines(Disk disk, Path directory, Supplier<IoEngine> ring) {
    this.disk = disk;
    this.directory = directory;
    this.ring = ring;
  }

  /**
   * Tries the engines in a directory; makes and removes a file of one page there.
   *
   * @param disk whose files will be used
   * @param directory where they will be; exists
   * @param type which engine is asked for
   * @return what works
   * @throws ConfigurationException if a certain engine was asked for and does not work
   */
  public static EngineChoice choose(Disk disk, Path directory, EngineType type) {
    return choose(disk, directory, type, () -> UringEngine.open(UringSettings.ofDepth(2)));
  }

  static EngineChoice choose(Disk disk, Path directory, EngineType type, Supplier<IoEngine> ring) {
    IoEngines engines = new IoEngines(disk, directory, ring);
    return type == EngineType.AUTO ? engines.best() : engines.certain(type);
  }

  private EngineChoice best() {
    List<String> refusals = new ArrayList<>();
    for (EngineType type : List.of(EngineType.IO_URING, EngineType.DIRECT)) {
      Optional<String> refusal = refusal(type);
      if (refusal.isEmpty()) {
        return new EngineChoice(type, refusals);
      }
      report(type, refusal.get());
      if (!refusals.contains(refusal.get())) {
        refusals.add(refusal.get());
      }
    }
    return new EngineChoice(EngineType.BUFFERED, refusals);
  }

  private EngineChoice certain(EngineType type) {
    Optional<String> refusal = refusal(type);
    if (refusal.isPresent()) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "engine %s does not work in %s: %s; set 'engine' to auto"
              .formatted(type, directory, refusal.get()));
    }
    return new EngineChoice(type, List.of());
  }

  private static void report(EngineType type, String refusal) {
    if (REPORTED.add(type + refusal)) {
      LOGGER.log(System.Logger.Level.INFO, "no disk engine {0}: {1}", type, refusal);
    }
  }

  /** {@return why an engine does not work; empty where it does} */
  private Optional<String> refusal(EngineType type) {
    if (type == EngineType.BUFFERED) {
      return Optional.empty();
    }
    try {
      if (type == EngineType.IO_URING) {
        // The ring first: where there is none, its own words say more than those of a file.
        try (IoEngine engine = ring.get()) {
          tryOut(engine, true);
        }
      } else {
        tryOut(new InlineEngine(), false);
      }
      return Optional.empty();
    } catch (KvbmException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private void tryOut(IoEngine engine, boolean needsDescriptor) {
    try (Arena arena = Arena.ofShared();
        DiskFile file = disk.openTemporary(directory.resolve(PROBE), DIRECT_OPTIONS)) {
      try {
        if (needsDescriptor && !(file instanceof PosixFile posix && posix.posixDescriptor() >= 0)) {
          throw new BackendException(
              ErrorCode.OPERATION_FAILED,
              "files of disk '" + disk.name() + "' have no descriptor",
              null);
        }
        readBack(engine, file, arena);
      } finally {
        disk.unlink(file.path());
      }
    }
  }

  private static void readBack(IoEngine engine, DiskFile file, Arena arena) {
    long byteSize = Math.max(PROBE_BYTE_SIZE, file.alignment());
    MemorySegment written = arena.allocate(byteSize, Pages.ALIGNMENT);
    MemorySegment read = arena.allocate(byteSize, Pages.ALIGNMENT);
    for (long at = 0; at < byteSize; at += Long.BYTES) {
      written.set(ValueLayout.JAVA_LONG, at, PROBE_PATTERN + at);
    }
    engine.run(List.of(IoRequest.write(file, 0, written, (_, _) -> {})));
    engine.run(List.of(IoRequest.read(file, 0, read, (_, _) -> {})));
    if (read.mismatch(written) != -1) {
      throw new BackendException(
          ErrorCode.OPERATION_FAILED,
          "direct access to " + file.path() + " does not read back the page it wrote",
          null);
    }
  }
}
