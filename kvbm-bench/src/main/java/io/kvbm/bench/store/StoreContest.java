package io.kvbm.bench.store;

import io.kvbm.api.store.Durability;
import io.kvbm.bench.report.BenchCase;
import io.kvbm.bench.report.PeerFigures;
import io.kvbm.bench.store.RunRequest.Operation;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.ProgressBar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Measures all contestants in every case, in rounds: in each round every one runs once, and every
 * other round goes backwards.
 */
final class StoreContest {

  private static final long MAX_PUT_BYTE_SIZE = 4L << 30;
  private static final long LOAD_NANOS = 600_000_000_000L;
  private static final long COUNTED_NANOS = 500_000_000L;

  private final ContestOptions options;
  private final Path folder;
  private final ProgressBar bar;

  private StoreContest(ContestOptions options, Path folder, ProgressBar bar) {
    this.options = options;
    this.folder = folder;
    this.bar = bar;
  }

  static List<BenchCase> run(ContestOptions options, Console console)
      throws IOException, InterruptedException {
    Path folder =
        Files.createTempDirectory(options.directory().toAbsolutePath(), "kvbm-bench-store-");
    long runs =
        (long) options.cases().size()
            * options.rounds()
            * Math.max(1, options.contestants().size());
    try (ProgressBar bar = console.progress("measuring", "runs", runs)) {
      return new StoreContest(options, folder, bar).run();
    } finally {
      remove(folder);
    }
  }

  private List<BenchCase> run() throws IOException, InterruptedException {
    Map<StoreCase, BenchCase> measured = new HashMap<>();
    for (StoreCase each : options.cases()) {
      if (each.operation() == Operation.PUT) {
        measured.put(each, measurePuts(each));
      }
    }
    for (int byteSize : StoreCase.BYTE_SIZES) {
      List<StoreCase> gets =
          options.cases().stream()
              .filter(each -> each.operation() != Operation.PUT && each.byteSize() == byteSize)
              .toList();
      if (!gets.isEmpty()) {
        load(byteSize);
        for (StoreCase each : gets) {
          measured.put(each, measure(each, taking(each)));
        }
        for (Contestant contestant : options.contestants()) {
          remove(dataset(contestant));
        }
      }
    }
    return options.cases().stream()
        .map(each -> Objects.requireNonNull(measured.get(each), each.name()))
        .toList();
  }

  private List<Contestant> taking(StoreCase each) {
    return options.contestants().stream()
        .filter(
            contestant -> each.operation() != Operation.PUT || contestant.has(each.durability()))
        .toList();
  }

  private BenchCase measurePuts(StoreCase each) throws IOException, InterruptedException {
    BenchCase measured = measure(each, taking(each));
    Map<String, OptionalDouble> calls = new HashMap<>();
    for (Contestant contestant : taking(each)) {
      Path directory = folder.resolve(contestant.label() + "-counted");
      calls.put(
          contestant.label(),
          SyncCalls.perPut(putting(contestant, each, directory, COUNTED_NANOS), folder));
      remove(directory);
    }
    return measured.withFigure(
        "syncCallsPerOp", name -> calls.getOrDefault(name, OptionalDouble.empty()));
  }

  private RunRequest putting(Contestant contestant, StoreCase each, Path directory, long nanos) {
    return new RunRequest(
        contestant,
        Operation.PUT,
        directory,
        each.byteSize(),
        setup(each.durability()),
        options.writers(),
        MAX_PUT_BYTE_SIZE / each.byteSize(),
        nanos);
  }

  private StoreSetup setup(Durability durability) {
    return new StoreSetup(durability, options.cacheByteSize(), options.settings());
  }

  private Path dataset(Contestant contestant) {
    return folder.resolve(contestant.label() + "-dataset");
  }

  private void load(int byteSize) throws IOException, InterruptedException {
    for (Contestant contestant : options.contestants()) {
      RunRequest request =
          new RunRequest(
              contestant,
              Operation.LOAD,
              dataset(contestant),
              byteSize,
              setup(Durability.WRITTEN),
              options.writers(),
              datasetCount(byteSize),
              LOAD_NANOS);
      ChildJvm.run(request, List.of(), folder);
    }
  }

  private long datasetCount(int byteSize) {
    return Math.max(1, options.datasetByteSize() / byteSize);
  }

  /** Hot values fill half of the cache. */
  private long hotCount(int byteSize) {
    return Math.clamp(options.cacheByteSize() / 2 / byteSize, 1, datasetCount(byteSize));
  }

  private BenchCase measure(StoreCase each, List<Contestant> contestants)
      throws IOException, InterruptedException {
    Map<Contestant, List<RunResult>> results = new EnumMap<>(Contestant.class);
    for (int round = 0; round < options.rounds(); round++) {
      for (Contestant contestant : round % 2 == 0 ? contestants : contestants.reversed()) {
        results
            .computeIfAbsent(contestant, _ -> new ArrayList<>())
            .add(measureOnce(each, contestant));
        bar.advance(1);
      }
    }
    return summarize(each, contestants, results);
  }

  private RunResult measureOnce(StoreCase each, Contestant contestant)
      throws IOException, InterruptedException {
    if (each.operation() == Operation.PUT) {
      Path directory = folder.resolve(contestant.label() + "-put");
      PageCache.sync();
      try {
        return ChildJvm.run(
            putting(contestant, each, directory, options.nanos()), List.of(), folder);
      } finally {
        remove(directory);
      }
    }
    boolean cold = each.operation() == Operation.GET_COLD;
    if (cold) {
      PageCache.drop(folder);
    }
    return ChildJvm.run(
        new RunRequest(
            contestant,
            each.operation(),
            dataset(contestant),
            each.byteSize(),
            setup(Durability.WRITTEN),
            options.readers(),
            cold ? datasetCount(each.byteSize()) : hotCount(each.byteSize()),
            options.nanos()),
        List.of(),
        folder);
  }

  static BenchCase summarize(
      StoreCase each, List<Contestant> contestants, Map<Contestant, List<RunResult>> results) {
    List<RunResult> ours = of(contestants.getFirst(), results);
    List<PeerFigures> peers =
        contestants.stream()
            .skip(1)
            .map(peer -> new PeerFigures(peer.label(), figures(of(peer, results))))
            .toList();
    Contestant best =
        contestants.stream()
            .skip(1)
            .max(Comparator.comparingDouble(peer -> speed(of(peer, results))))
            .orElse(contestants.getFirst());
    List<RunResult> peer = of(best, results);
    double[] ratios =
        IntStream.range(0, ours.size())
            .mapToDouble(i -> ours.get(i).megabytesPerSecond() / peer.get(i).megabytesPerSecond())
            .toArray();
    return new BenchCase(
            each.name(), figures(ours), best.label(), figures(peer), ratios, OptionalDouble.empty())
        .withPeers(peers);
  }

  private static List<RunResult> of(
      Contestant contestant, Map<Contestant, List<RunResult>> results) {
    return Objects.requireNonNull(results.get(contestant), contestant.label());
  }

  private static double speed(List<RunResult> results) {
    return median(results, RunResult::megabytesPerSecond);
  }

  private static Map<String, Double> figures(List<RunResult> results) {
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("opsPerSecond", median(results, RunResult::operationsPerSecond));
    figures.put("mbPerSecond", speed(results));
    figures.put("cpuSecondsPerGiB", median(results, RunResult::cpuSecondsPerGibibyte));
    double flushes = median(results, RunResult::flushesPerOperation);
    if (!Double.isNaN(flushes)) {
      figures.put("deviceFlushesPerOp", flushes);
    }
    return figures;
  }

  private static double median(List<RunResult> results, ToDoubleFunction<RunResult> figure) {
    return BenchCase.median(results.stream().mapToDouble(figure).toArray());
  }

  private static void remove(Path top) throws IOException {
    if (!Files.exists(top)) {
      return;
    }
    List<Path> deepestFirst;
    try (Stream<Path> all = Files.walk(top)) {
      deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : deepestFirst) {
      Files.deleteIfExists(path);
    }
  }
}
