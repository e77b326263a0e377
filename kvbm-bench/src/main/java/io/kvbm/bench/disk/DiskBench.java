package io.kvbm.bench.disk;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.ByteSizes;
import io.kvbm.backend.disk.FileDisk;
import io.kvbm.backend.disk.file.IoMemory;
import io.kvbm.backend.disk.io.EngineChoice;
import io.kvbm.backend.disk.io.EngineSettings;
import io.kvbm.backend.disk.io.EngineType;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.backend.disk.io.IoEngines;
import io.kvbm.backend.disk.io.RegisteredBuffers;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.ProgressBar;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Measures jobs on two files of random bytes, ours and fio's in turns. The files are removed at the
 * end, also where the process is told to stop.
 */
final class DiskBench {

  private static final int CHUNK_BYTE_SIZE = 1 << 20;
  private static final int FILES = 2;
  private static final int PAGE = 4096;
  private static final double WARM_UP_SHARE = 0.2;

  /** What is measured of a side at a stretch. */
  private static final double SLICE_SECONDS = 0.5;

  private static final int MAX_REPEATS = 2;

  /** Ours is 0, fio 1, and fio once more 2. */
  private static final int[][] ORDERS = {
    {0, 1, 2}, {2, 0, 1}, {1, 2, 0}, {1, 0, 2}, {2, 1, 0}, {0, 2, 1}
  };

  private final Path directory;
  private final long byteSize;
  private final double seconds;
  private final int rounds;
  private final List<DiskJob> jobs;
  private final Disk disk = new FileDisk();
  private final Optional<Fio> fio;

  DiskBench(
      Path directory,
      long byteSize,
      double seconds,
      int rounds,
      List<DiskJob> jobs,
      Optional<Fio> fio) {
    this.directory = directory.toAbsolutePath();
    this.byteSize = byteSize;
    this.seconds = seconds;
    this.rounds = rounds;
    this.jobs = jobs;
    this.fio = fio;
  }

  DiskReport run(Console console) {
    disk.createDirectories(directory);
    requireSpace();
    EngineChoice choice = IoEngines.choose(disk, directory, EngineType.AUTO);
    DeviceCounter counter = DeviceCounter.of(directory);
    Path first = directory.resolve("kvbm-bench-" + ProcessHandle.current().pid() + "-file");
    Path second = first.resolveSibling(first.getFileName() + "-too");
    Thread cleaner =
        new Thread(
            () -> {
              fio.ifPresent(Fio::stop);
              remove(first);
              remove(second);
            },
            "kvbm-bench-cleaner");
    Runtime.getRuntime().addShutdownHook(cleaner);
    try {
      write(first, console);
      write(second, console);
      List<DiskCaseResult> results = measure(choice, List.of(first, second), counter, console);
      return new DiskReport(
          choice.type().toString(),
          choice.text(),
          fio.map(Fio::version),
          counter.device(),
          results);
    } finally {
      remove(first);
      remove(second);
      forget(cleaner);
    }
  }

  private static void forget(Thread cleaner) {
    try {
      Runtime.getRuntime().removeShutdownHook(cleaner);
    } catch (IllegalStateException e) {
      // The process ends already, and the hook runs.
    }
  }

  private static void remove(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove " + file, e);
    }
  }

  private void requireSpace() {
    long wanted = FILES * byteSize;
    long usable = disk.usableByteSize(directory);
    if (usable < wanted + wanted / 10) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "%s has %s free, the files need %s and a tenth more; free some or pass a smaller --size"
              .formatted(directory, ByteSizes.format(usable), ByteSizes.format(wanted)),
          wanted,
          usable);
    }
  }

  /** Random bytes everywhere: a device may shortcut zeros and holes. */
  private void write(Path path, Console console) {
    try (ProgressBar bar = console.progress("writing " + path.getFileName(), "bytes", byteSize);
        DiskFile file =
            disk.open(path, EnumSet.of(OpenOption.CREATE_NEW, OpenOption.READ, OpenOption.WRITE));
        Arena arena = Arena.ofConfined()) {
      MemorySegment chunk = arena.allocate(CHUNK_BYTE_SIZE, PAGE);
      SplittableRandom random = new SplittableRandom();
      file.allocate(0, byteSize);
      for (long done = 0; done < byteSize; done += CHUNK_BYTE_SIZE) {
        for (long at = 0; at < CHUNK_BYTE_SIZE; at += Long.BYTES) {
          chunk.set(ValueLayout.JAVA_LONG, at, random.nextLong());
        }
        long count = Math.min(CHUNK_BYTE_SIZE, byteSize - done);
        file.writeFully(done, chunk.asSlice(0, count));
        bar.advance(count);
      }
      file.sync(true);
    }
  }

  private List<DiskCaseResult> measure(
      EngineChoice choice, List<Path> paths, DeviceCounter counter, Console console) {
    List<DiskCaseResult> results = new ArrayList<>();
    EnumSet<OpenOption> options = EnumSet.of(OpenOption.READ, OpenOption.WRITE);
    if (choice.type() != EngineType.BUFFERED) {
      options.add(OpenOption.DIRECT);
    }
    try (DiskFile first = disk.open(paths.get(0), options);
        DiskFile second = disk.open(paths.get(1), options);
        ProgressBar bar = console.progress("measuring", "rounds", (long) jobs.size() * rounds)) {
      for (DiskJob job : jobs) {
        DiskCaseResult result = measure(choice, List.of(first, second), job, counter, bar);
        for (int i = 0; i < MAX_REPEATS && result.isUndecided(); i++) {
          console.note(job.name() + ": fio beside itself varies too much, measuring again");
          result = measure(choice, List.of(first, second), job, counter, bar);
        }
        results.add(result);
      }
    }
    return results;
  }

  private DiskCaseResult measure(
      EngineChoice choice,
      List<DiskFile> files,
      DiskJob job,
      DeviceCounter counter,
      ProgressBar bar) {
    EngineSettings settings = new EngineSettings(choice.type(), job.depth(), 1, 1);
    DiskCaseResult result =
        new DiskCaseResult(job, new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    try (Arena arena = Arena.ofShared();
        IoEngine engine = choice.open(settings, MetricsSink.NULL)) {
      MemorySegment memory = IoMemory.allocate(arena, (long) job.depth() * job.blockByteSize());
      try (RegisteredBuffers _ = engine.registerBuffers(memory)) {
        run(engine, files.getFirst(), job, memory, seconds, counter); // for the compiler
        for (int round = 0; round < rounds; round++) {
          measureRound(round, engine, files, job, memory, counter, result);
          bar.advance(1);
        }
      }
    }
    return result;
  }

  /**
   * A measurement of each side, taken in slices by turns: the device's mood changes within seconds.
   * Everyone comes first, second and last, and on either file.
   */
  private void measureRound(
      int round,
      IoEngine engine,
      List<DiskFile> files,
      DiskJob job,
      MemorySegment memory,
      DeviceCounter counter,
      DiskCaseResult result) {
    int slices = Math.max(1, (int) Math.round(seconds / SLICE_SECONDS));
    double slice = seconds / slices;
    List<DiskSample> ours = new ArrayList<>();
    List<DiskSample> peer = new ArrayList<>();
    List<DiskSample> control = new ArrayList<>();
    for (int i = 0; i < slices; i++) {
      int turn = round * slices + i;
      DiskFile file = files.get(turn % FILES);
      Path other = files.get((turn + 1) % FILES).path();
      for (int side : ORDERS[turn / FILES % ORDERS.length]) {
        switch (side) {
          case 0 -> ours.add(warmed(engine, file, job, memory, slice, counter));
          case 1 -> addFio(job, other, slice, counter, peer);
          default -> addFio(job, other, slice, counter, control);
        }
      }
    }
    result.ours().add(DiskSample.join(ours));
    if (fio.isPresent()) {
      result.peer().add(DiskSample.join(peer));
      result.control().add(DiskSample.join(control));
    }
  }

  private void addFio(
      DiskJob job, Path file, double slice, DeviceCounter counter, List<DiskSample> samples) {
    fio.ifPresent(
        tool ->
            samples.add(tool.measure(job, file, byteSize, slice * WARM_UP_SHARE, slice, counter)));
  }

  /** Before it, the device rests as long as it does while fio starts and ends. */
  private DiskSample warmed(
      IoEngine engine,
      DiskFile file,
      DiskJob job,
      MemorySegment memory,
      double slice,
      DeviceCounter counter) {
    LockSupport.parkNanos(
        Math.round(fio.map(Fio::idleSeconds).orElse(0.0) * TimeUnit.SECONDS.toNanos(1)));
    DiskSample ignored = run(engine, file, job, memory, slice * WARM_UP_SHARE, counter);
    return run(engine, file, job, memory, slice, counter);
  }

  private DiskSample run(
      IoEngine engine,
      DiskFile file,
      DiskJob job,
      MemorySegment memory,
      double duration,
      DeviceCounter counter) {
    return new EngineRun(engine, file, byteSize, job, memory).measure(duration, counter);
  }
}
