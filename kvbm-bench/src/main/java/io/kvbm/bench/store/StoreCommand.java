package io.kvbm.bench.store;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.ByteSizes;
import io.kvbm.api.store.Durability;
import io.kvbm.bench.report.BenchReport;
import io.kvbm.bench.rounds.RoundOptions;
import io.kvbm.bench.rounds.RoundSettings;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.spi.Subcommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code kvbm bench store}: puts and gets beside RocksDB and LMDB. */
@Command(
    name = "store",
    description = {
      "Measures puts of each durability, cold and hot gets of the object store on disk beside"
          + " RocksDB (plain and BlobDB) and LMDB, each in a process of its own.",
      "Values do not compress; every byte that is got is copied out and compared. The ratio is ours"
          + " to the best peer's bytes a second. deviceFlushesPerOp and syncCallsPerOp show that"
          + " the durability is the same."
    },
    sortOptions = false)
public final class StoreCommand implements Subcommand {

  private static final int MAX_THREADS = 64;

  @Spec private CommandSpec spec;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      required = true,
      description = "An existing directory; stores are made in it and removed again.")
  private Path directory;

  @Option(
      names = "--cases",
      paramLabel = "TEXT",
      split = ",",
      description =
          "Only cases whose names contain one of these, such as put-64k or cold (default: all).")
  private List<String> cases = new ArrayList<>();

  @Option(
      names = "--peers",
      paramLabel = "NAME",
      split = ",",
      defaultValue = "rocksdb,rocksdb-blob,lmdb",
      description = "Whom to measure besides (default: ${DEFAULT-VALUE}).")
  private List<String> peers;

  @Option(
      names = "--writers",
      paramLabel = "N",
      defaultValue = "8",
      description = "Threads that put (default: ${DEFAULT-VALUE}).")
  private int writers;

  @Option(
      names = "--readers",
      paramLabel = "N",
      defaultValue = "8",
      description = "Threads that get (default: ${DEFAULT-VALUE}).")
  private int readers;

  @Option(
      names = "--dataset",
      paramLabel = "SIZE",
      defaultValue = "1GiB",
      description = "Values that gets choose from, of each size (default: ${DEFAULT-VALUE}).")
  private String dataset;

  @Option(
      names = "--cache",
      paramLabel = "SIZE",
      defaultValue = "64MiB",
      description = "What each may keep of them in memory of its own (default: ${DEFAULT-VALUE}).")
  private String cache;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "A setting of our backend, besides; may be repeated.")
  private Map<String, String> settings = new LinkedHashMap<>();

  @Mixin private RoundOptions rounds;

  /** For picocli. */
  public StoreCommand() {}

  @Override
  public int run(Console console) throws IOException, InterruptedException {
    ContestOptions options = options();
    StoreSetup setup =
        new StoreSetup(Durability.SYNCED, options.cacheByteSize(), options.settings());
    Map<String, String> tuned = new LinkedHashMap<>();
    options.contestants().forEach(each -> tuned.put(each.label(), each.settings(setup)));
    BenchReport.of(StoreContest.run(options, console)).withSettings(tuned).print(console);
    return OK;
  }

  private ContestOptions options() {
    RoundSettings settingsOfRounds = rounds.settings();
    requireThreads("--writers", writers);
    requireThreads("--readers", readers);
    if (!Files.isDirectory(directory)) {
      throw new CallerException(
          ErrorCode.NOT_FOUND, "--dir " + directory + " is no directory; make it first");
    }
    return new ContestOptions(
        directory,
        chosenCases(),
        contestants(),
        settingsOfRounds.rounds(),
        Math.round(settingsOfRounds.seconds() * 1e9),
        writers,
        readers,
        byteSize("--dataset", dataset),
        byteSize("--cache", cache),
        settings);
  }

  private void requireThreads(String option, int count) {
    if (count < 1 || count > MAX_THREADS) {
      throw usage("%s %d is not from 1 to %d".formatted(option, count, MAX_THREADS));
    }
  }

  private List<StoreCase> chosenCases() {
    List<StoreCase> chosen =
        StoreCase.all().stream()
            .filter(each -> cases.isEmpty() || cases.stream().anyMatch(each.name()::contains))
            .toList();
    if (chosen.isEmpty()) {
      throw usage(
          "no case contains any of %s; there are: %s"
              .formatted(
                  cases,
                  String.join(", ", StoreCase.all().stream().map(StoreCase::name).toList())));
    }
    return chosen;
  }

  private List<Contestant> contestants() {
    List<Contestant> all = new ArrayList<>(List.of(Contestant.KVBM));
    for (String peer : peers) {
      try {
        Contestant contestant = Contestant.of(peer);
        if (!all.contains(contestant)) {
          all.add(contestant);
        }
      } catch (CallerException e) {
        throw new ParameterException(spec.commandLine(), e.getMessage(), e);
      }
    }
    return all;
  }

  private long byteSize(String option, String text) {
    try {
      return ByteSizes.parse(text);
    } catch (ConfigurationException e) {
      throw new ParameterException(spec.commandLine(), option + ": " + e.getMessage(), e);
    }
  }

  private ParameterException usage(String complaint) {
    return new ParameterException(spec.commandLine(), complaint);
  }
}
