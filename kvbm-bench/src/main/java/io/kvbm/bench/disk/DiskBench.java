package io.kvbm.bench.disk;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.ByteSizes;
import io.kvbm.backend.disk.FileDisk;
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

/**
 * Measures jobs on two files of the same content, ours and fio's in turns. The files are removed at
 * the end, also where the process is told to stop.
 */
final class DiskBench {

  private static final int CHUNK_BYTE_SIZE = 1 << 20;
  private static final int FILES = 2;
  private static final int PAGE = 4096;
  private static final double WARM_UP_SHARE = 0.2;

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
    Path ours = directory.resolve("kvbm-bench-" + ProcessHandle.current().pid() + "-ours");
    Path peers = ours.resolveSibling(ours.getFileName() + "-fio");
    Thread cleaner =
        new Thread(
            () -> {
              fio.ifPresent(Fio::stop);
              remove(ours);
              remove(peers);
            },
            "kvbm-bench-cleaner");
    Runtime.getRuntime().addShutdownHook(cleaner);
    try {
      write(ours, console);
      if (fio.isPresent()) {
        write(peers, console);
      }
      List<DiskCaseResult> results = measure(choice, ours, peers, counter, console);
      return new DiskReport(
          choice.type().toString(),
          choice.text(),
          fio.map(Fio::version),
          counter.device(),
          results);
    } finally {
      remove(ours);
      remove(peers);
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
    long wanted = (fio.isPresent() ? FILES : 1) * byteSize;
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
      EngineChoice choice, Path ours, Path peers, DeviceCounter counter, Console console) {
    List<DiskCaseResult> results = new ArrayList<>();
    EnumSet<OpenOption> options = EnumSet.of(OpenOption.READ, OpenOption.WRITE);
    if (choice.type() != EngineType.BUFFERED) {
      options.add(OpenOption.DIRECT);
    }
    try (DiskFile file = disk.open(ours, options);
        ProgressBar bar = console.progress("measuring", "rounds", (long) jobs.size() * rounds)) {
      for (DiskJob job : jobs) {
        DiskCaseResult result = measure(choice, file, peers, job, counter, bar);
        if (result.isUndecided()) {
          console.note(job.name() + ": fio beside itself varies too much, measuring again");
          result = measure(choice, file, peers, job, counter, bar);
        }
        results.add(result);
      }
    }
    return results;
  }

  private DiskCaseResult measure(
      EngineChoice choice,
      DiskFile file,
      Path peers,
      DiskJob job,
      DeviceCounter counter,
      ProgressBar bar) {
    EngineSettings settings = new EngineSettings(choice.type(), job.depth(), 1, 1);
    List<DiskSample> ours = new ArrayList<>();
    List<DiskSample> peer = new ArrayList<>();
    List<DiskSample> control = new ArrayList<>();
    try (Arena arena = Arena.ofShared();
        IoEngine engine = choice.open(settings, MetricsSink.NULL)) {
      MemorySegment memory = arena.allocate((long) job.depth() * job.blockByteSize(), PAGE);
      try (RegisteredBuffers _ = engine.registerBuffers(memory)) {
        run(engine, file, job, memory, seconds, counter); // for the compiler
        for (int round = 0; round < rounds; round++) {
          boolean oursFirst = round % 2 == 1;
          if (oursFirst) {
            ours.add(warmed(engine, file, job, memory, counter));
          }
          fio.ifPresent(tool -> peer.add(tool.measure(job, peers, byteSize, seconds, counter)));
          if (!oursFirst) {
            ours.add(warmed(engine, file, job, memory, counter));
          }
          fio.ifPresent(tool -> control.add(tool.measure(job, peers, byteSize, seconds, counter)));
          bar.advance(1);
        }
      }
    }
    return new DiskCaseResult(job, ours, peer, control);
  }

  private DiskSample warmed(
      IoEngine engine, DiskFile file, DiskJob job, MemorySegment memory, DeviceCounter counter) {
    DiskSample ignored = run(engine, file, job, memory, seconds * WARM_UP_SHARE, counter);
    return run(engine, file, job, memory, seconds, counter);
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
