package io.kvbm.bench.gpu;

import io.kvbm.api.CallerException;
import io.kvbm.bench.cache.CacheComparisons;
import io.kvbm.bench.gpu.GpuBench.Pipeline;
import io.kvbm.bench.report.BenchCase;
import io.kvbm.bench.report.BenchReport;
import io.kvbm.bench.rounds.Comparison;
import io.kvbm.bench.rounds.RoundSettings;
import io.kvbm.bench.rounds.Rounds;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.spi.Subcommand;
import io.kvbm.cuda.CudaDevice;
import io.kvbm.cuda.CudaDriver;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code kvbm bench gpu}: copies of blocks to, from and within a GPU. */
@Command(
    name = "gpu",
    description = {
      "Measures copies of scattered blocks to, from and within a GPU, beside one copy of the CUDA"
          + " driver of as many bytes between page-locked memory and the device.",
      "With --dir also the way from a file there to the device, beside the slower of its halves.",
      "control is the driver's copy beside itself. What was copied is compared once for each case."
    },
    sortOptions = false)
public final class GpuCommand implements Subcommand {

  private static final int MAX_BLOCKS = 4096;
  private static final long PIPELINE_BLOCK_BYTE_SIZE = 2L << 20;

  @Spec private CommandSpec spec;

  @Option(
      names = "--device",
      defaultValue = "0",
      paramLabel = "N",
      description = "Which GPU, from 0 (default: ${DEFAULT-VALUE}).")
  private int device;

  @Option(
      names = "--blocks",
      defaultValue = "128",
      paramLabel = "N",
      description =
          "Blocks of a batch, besides batches of one; those of 2 MiB take three times their length"
              + " of the GPU and twice it of page-locked memory (default: ${DEFAULT-VALUE}).")
  private int blocks;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "Where the file is made that blocks are read from; removed at the end.")
  private @Nullable Path directory;

  @Option(
      names = "--seconds",
      defaultValue = "0.3",
      paramLabel = "N",
      description = "How long one measurement takes (default: ${DEFAULT-VALUE}).")
  private double seconds;

  @Option(
      names = "--rounds",
      defaultValue = "5",
      paramLabel = "N",
      description =
          "How often each case is measured: ours once, the driver twice (default:"
              + " ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--cases",
      paramLabel = "TEXT",
      split = ",",
      description =
          "Only cases whose names contain one of these, such as h2d or regions (default: all).")
  private List<String> cases = List.of();

  /** For picocli. */
  public GpuCommand() {}

  @Override
  public int run(Console console) {
    RoundSettings settings = settings();
    if (blocks < 1 || blocks > MAX_BLOCKS) {
      throw new ParameterException(
          spec.commandLine(), "--blocks %d is not from 1 to %d".formatted(blocks, MAX_BLOCKS));
    }
    List<CopyCase> copies = CopyCase.all(blocks).stream().distinct().toList();
    List<Pipeline> pipelines =
        directory == null ? List.of() : List.of(new Pipeline(blocks, PIPELINE_BLOCK_BYTE_SIZE));
    List<Comparison> hits = CacheComparisons.inDeviceMemory();
    requireOne(
        Stream.of(
                copies.stream().map(CopyCase::name),
                pipelines.stream().map(Pipeline::name),
                hits.stream().map(Comparison::name))
            .flatMap(names -> names)
            .toList());
    copies = copies.stream().filter(each -> isWanted(each.name())).toList();
    pipelines = pipelines.stream().filter(each -> isWanted(each.name())).toList();
    hits = hits.stream().filter(each -> isWanted(each.name())).toList();
    String card = card();
    List<BenchCase> results =
        new GpuBench(device, settings, Optional.ofNullable(directory))
            .run(copies, pipelines, console);
    if (!hits.isEmpty()) {
      results.addAll(new Rounds(hits, settings).run(console));
    }
    BenchReport.of(results).withSettings(Map.of("GPU", card)).print(console);
    return OK;
  }

  private boolean isWanted(String name) {
    return cases.isEmpty() || cases.stream().anyMatch(name::contains);
  }

  private void requireOne(List<String> names) {
    if (names.stream().noneMatch(this::isWanted)) {
      throw new ParameterException(
          spec.commandLine(),
          "no case's name contains %s; there are: %s%s"
              .formatted(
                  String.join(" or ", cases),
                  String.join(", ", names),
                  directory == null ? "; with --dir also: disk to device" : ""));
    }
  }

  /** Also says at once why there is none. */
  private String card() {
    CudaDriver driver = CudaDriver.load();
    try (CudaDevice opened = driver.open(device)) {
      return "%s, CUDA %s".formatted(opened.name(), driver.versionText());
    } catch (CallerException e) {
      throw new ParameterException(spec.commandLine(), "--device: " + e.getMessage(), e);
    }
  }

  private RoundSettings settings() {
    try {
      return new RoundSettings(rounds, seconds, true);
    } catch (CallerException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }
}
