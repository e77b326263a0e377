package io.kvbm.bench.disk;

import io.kvbm.api.CallerException;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.ByteSizes;
import io.kvbm.bench.rounds.RoundSettings;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.spi.Subcommand;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code kvbm bench disk}: what the disk engine does beside fio. */
@Command(
    name = "disk",
    description = {
      "Measures reads and writes of the disk engine past the page cache, beside fio.",
      "Writes two files of random bytes into the directory and removes them at the end.",
      "Each measurement is taken in slices of half a second, by turns, on either file.",
      "control is fio beside itself; where its quartiles lie more than a tenth apart, a case is"
          + " measured up to twice more and called undecided if that does not help."
    },
    sortOptions = false)
public final class DiskCommand implements Subcommand {

  /** A block of each slot of the largest job, and something to draw from. */
  private static final long MIN_BYTE_SIZE = 16L << 20;

  private static final long PAGE = 4096;

  @Spec private CommandSpec spec;

  @Option(
      names = "--dir",
      required = true,
      paramLabel = "DIR",
      description = "Where the files are made; its device is what is measured.")
  private Path directory;

  @Option(
      names = "--size",
      defaultValue = "512MiB",
      paramLabel = "SIZE",
      description = "Bytes of each file (default: ${DEFAULT-VALUE}).")
  private String size;

  @Option(
      names = "--seconds",
      defaultValue = "2",
      paramLabel = "N",
      description = "How long one measurement takes (default: ${DEFAULT-VALUE}).")
  private double seconds;

  @Option(
      names = "--rounds",
      defaultValue = "7",
      paramLabel = "N",
      description =
          "How often each case is measured: ours once, fio twice (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--cases",
      paramLabel = "TEXT",
      split = ",",
      description =
          "Only cases whose names contain one of these, such as seq or 4k (default: all).")
  private List<String> cases = List.of();

  /** For picocli. */
  public DiskCommand() {}

  @Override
  public int run(Console console) {
    RoundSettings settings = settings();
    Optional<Fio> fio = Fio.find();
    if (fio.isEmpty()) {
      console.note("fio is not installed: measuring without a peer");
    }
    new DiskBench(directory, byteSize(), settings.seconds(), settings.rounds(), jobs(), fio)
        .run(console)
        .print(console);
    return OK;
  }

  private List<DiskJob> jobs() {
    List<DiskJob> chosen =
        DiskJob.ALL.stream()
            .filter(job -> cases.isEmpty() || cases.stream().anyMatch(job.name()::contains))
            .toList();
    if (chosen.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "no case's name contains %s; there are: %s"
              .formatted(
                  String.join(" or ", cases),
                  String.join(", ", DiskJob.ALL.stream().map(DiskJob::name).toList())));
    }
    return chosen;
  }

  private RoundSettings settings() {
    try {
      return new RoundSettings(rounds, seconds, false);
    } catch (CallerException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private long byteSize() {
    long value;
    try {
      value = ByteSizes.parse(size);
    } catch (KvbmException e) {
      throw new ParameterException(spec.commandLine(), "--size: " + e.getMessage(), e);
    }
    if (value < MIN_BYTE_SIZE) {
      throw new ParameterException(
          spec.commandLine(),
          "--size %s is below %s".formatted(size, ByteSizes.format(MIN_BYTE_SIZE)));
    }
    return value / PAGE * PAGE;
  }
}
