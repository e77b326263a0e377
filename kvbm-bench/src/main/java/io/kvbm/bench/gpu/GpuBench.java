package io.kvbm.bench.gpu;

import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.ByteSizes;
import io.kvbm.bench.report.BenchCase;
import io.kvbm.bench.rounds.RoundSettings;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.ProgressBar;
import io.kvbm.cli.settings.PlatformFactory;
import io.kvbm.cli.settings.Surroundings;
import io.kvbm.core.Platform;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * Measures copies of blocks by the platform beside single copies of the driver, by turns, and the
 * way from a file to the device beside the slower of its halves.
 */
final class GpuBench {

  private static final LayoutType WHOLE = LayoutType.FULLY_CONTIGUOUS;

  private final int device;
  private final RoundSettings settings;
  private final Optional<Path> directory;

  /**
   * @param device which GPU
   * @param directory where the file is made; without it no file is read
   */
  GpuBench(int device, RoundSettings settings, Optional<Path> directory) {
    this.device = device;
    this.settings = settings;
    this.directory = directory;
  }

  /**
   * Measures.
   *
   * @param copies the copies
   * @param pipelines how many blocks to bring from a file, and their length
   * @return one case for each, in that order
   */
  List<BenchCase> run(List<CopyCase> copies, List<Pipeline> pipelines, Console console) {
    List<BenchCase> results = new ArrayList<>();
    long steps = (long) settings.rounds() * (copies.size() + pipelines.size());
    try (ProgressBar bar = console.progress("measuring", "rounds", steps)) {
      for (String smallCopies : copies.stream().map(CopyCase::smallCopies).distinct().toList()) {
        try (Platform platform = platform(smallCopies)) {
          for (CopyCase copy : copies) {
            if (copy.smallCopies().equals(smallCopies)) {
              results.add(measure(platform, copy, bar));
            }
          }
        }
      }
      if (!pipelines.isEmpty()) {
        try (Platform platform = platform("auto")) {
          pipelines.forEach(pipeline -> results.add(measure(platform, pipeline, bar)));
        }
      }
    }
    return results;
  }

  private Platform platform(String smallCopies) {
    PlatformFactory platforms = new PlatformFactory(Surroundings.ofProcess(), null);
    return platforms.open(
        platforms.configure(),
        builder -> {
          builder.config(
              "cuda",
              BackendConfig.of(
                  Map.of("device", String.valueOf(device), "smallCopies", smallCopies)));
          directory.ifPresent(
              dir ->
                  builder.config("disk", BackendConfig.of("dir", dir.toAbsolutePath().toString())));
        });
  }

  private BenchCase measure(Platform platform, CopyCase copy, ProgressBar bar) {
    List<Stopwatch> ours = new ArrayList<>();
    List<Stopwatch> peer = new ArrayList<>();
    List<Stopwatch> control = new ArrayList<>();
    long byteSize = copy.byteSize();
    try (Batches blocks =
            new Batches(
                platform,
                copy.shape(),
                copy.source(),
                copy.sourceType(),
                copy.targetKind(),
                copy.targetType());
        RawCopies raw = new RawCopies(device, byteSize)) {
      time(blocks::run, byteSize); // for the compiler
      blocks.verify();
      for (int round = 0; round < settings.rounds(); round++) {
        Runnable oneRaw = () -> raw.copy(copy.way(), byteSize);
        if (round % 2 == 0) {
          ours.add(time(blocks::run, byteSize));
          peer.add(time(oneRaw, byteSize));
          control.add(time(oneRaw, byteSize));
        } else {
          control.add(time(oneRaw, byteSize));
          peer.add(time(oneRaw, byteSize));
          ours.add(time(blocks::run, byteSize));
        }
        bar.advance(1);
      }
    }
    return new BenchCase(
        copy.name(),
        Stopwatch.figures(ours),
        "one %s of %s".formatted(copy.way().call(), ByteSizes.format(byteSize)),
        Stopwatch.figures(peer),
        ratios(ours, peer),
        OptionalDouble.of(BenchCase.median(ratios(control, peer))));
  }

  private Stopwatch time(Runnable work, long byteSize) {
    return Stopwatch.time(work, byteSize, settings.seconds());
  }

  /**
   * Blocks on their way from a file to the device.
   *
   * @param blocks how many
   * @param blockByteSize the length of each in bytes
   */
  record Pipeline(int blocks, long blockByteSize) {

    String name() {
      return "disk to device, %d x %s".formatted(blocks, ByteSizes.format(blockByteSize));
    }

    LayoutConfig shape() {
      return new CopyCase(Way.H2D, "pinned", blocks, blockByteSize, WHOLE, "auto").shape();
    }

    long byteSize() {
      return blocks * blockByteSize;
    }
  }

  private BenchCase measure(Platform platform, Pipeline pipeline, ProgressBar bar) {
    List<Stopwatch> both = new ArrayList<>();
    List<Stopwatch> first = new ArrayList<>();
    List<Stopwatch> second = new ArrayList<>();
    long byteSize = pipeline.byteSize();
    LayoutConfig shape = pipeline.shape();
    try (Batches whole = new Batches(platform, shape, "disk", WHOLE, "device", WHOLE);
        Batches read = new Batches(platform, shape, "disk", WHOLE, "pinned", WHOLE);
        Batches copied = new Batches(platform, shape, "pinned", WHOLE, "device", WHOLE)) {
      time(whole::run, byteSize);
      whole.verify();
      for (int round = 0; round < settings.rounds(); round++) {
        List<Runnable> order =
            new ArrayList<>(
                List.of(
                    () -> both.add(time(whole::run, byteSize)),
                    () -> first.add(time(read::run, byteSize)),
                    () -> second.add(time(copied::run, byteSize))));
        (round % 2 == 0 ? order : order.reversed()).forEach(Runnable::run);
        bar.advance(1);
      }
    }
    List<Stopwatch> slower =
        IntStream.range(0, both.size())
            .mapToObj(
                i ->
                    first.get(i).bytesPerSecond() < second.get(i).bytesPerSecond()
                        ? first.get(i)
                        : second.get(i))
            .toList();
    boolean isDisk = slower.stream().filter(first::contains).count() * 2 >= slower.size();
    return new BenchCase(
        pipeline.name(),
        Stopwatch.figures(both),
        "the slower half, " + (isDisk ? "disk to pinned" : "pinned to device"),
        Stopwatch.figures(slower),
        ratios(both, slower),
        OptionalDouble.empty());
  }

  private static double[] ratios(List<Stopwatch> ours, List<Stopwatch> peer) {
    return IntStream.range(0, ours.size())
        .mapToDouble(i -> ours.get(i).bytesPerSecond() / peer.get(i).bytesPerSecond())
        .toArray();
  }
}
