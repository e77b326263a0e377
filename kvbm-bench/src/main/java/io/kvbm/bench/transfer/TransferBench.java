package io.kvbm.bench.transfer;

import io.kvbm.bench.report.BenchCase;
import io.kvbm.bench.report.BenchReport;
import io.kvbm.bench.rounds.RoundSettings;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.ProgressBar;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Measures cases, ours and the peer's in turns. */
final class TransferBench {

  private static final long FEW_ITERATIONS = 200;
  private static final double GIGA = 1e9;
  private static final double MICROS = 1e-3;

  private final List<TransferCase> cases;
  private final RoundSettings settings;
  private final Footing footing;
  private final Map<String, String> ucx;

  /**
   * What is the same in every case.
   *
   * @param streams connections between both sides
   * @param memory bytes that are read over and over; 0 for as many as are in flight
   * @param warmUp seconds of reading before the first measurement of a case
   */
  record Footing(int streams, long memory, double warmUp) {}

  TransferBench(
      List<TransferCase> cases, RoundSettings settings, Footing footing, String ucxTransports) {
    this.cases = cases;
    this.settings = settings;
    this.footing = footing;
    this.ucx = Map.of("UCX_TLS", ucxTransports, "UCX_NET_DEVICES", "lo");
  }

  BenchReport run(Console console) throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("kvbm-bench-transfer");
    List<BenchCase> results = new ArrayList<>();
    try (ProgressBar bar =
        console.progress("measuring", "rounds", (long) cases.size() * settings.rounds())) {
      boolean encrypted = cases.stream().anyMatch(each -> each.mode() == TransferCase.Mode.TLS);
      TlsFiles tls = encrypted ? TlsFiles.make(folder) : null;
      for (TransferCase each : cases) {
        if (hasPeer(each, console)) {
          results.add(measure(each, tls, bar));
        }
      }
    } finally {
      try (Stream<Path> files = Files.walk(folder)) {
        files.sorted(Comparator.reverseOrder()).forEach(TransferBench::delete);
      }
    }
    return BenchReport.of(results);
  }

  private static void delete(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove " + file, e);
    }
  }

  private static boolean hasPeer(TransferCase way, Console console) {
    if (way.isTcp() && !way.isLatency() && !Iperf.isInstalled()) {
      console.note(way.name() + ": iperf3 is not installed; install it, or choose other cases");
      return false;
    }
    if (!way.isTcp() && !UcxPerftest.isInstalled()) {
      console.note(way.name() + ": ucx_perftest is not installed; install ucx-utils");
      return false;
    }
    return true;
  }

  private BenchCase measure(TransferCase way, @Nullable TlsFiles tls, ProgressBar bar)
      throws IOException, InterruptedException {
    List<String> own =
        AgentSettings.of(way, footing.streams(), tls, ucx).entrySet().stream()
            .map(setting -> setting.getKey() + "=" + setting.getValue())
            .toList();
    double[] ours = new double[settings.rounds()];
    double[] peers = new double[settings.rounds()];
    double[] again = new double[settings.rounds()];
    long inFlight = (long) way.byteSize() * way.depth();
    long memory = Math.max(inFlight, footing.memory());
    try (ServingProcess server = ServingProcess.start(memory, way.byteSize(), own);
        ReadingAgent reader = new ReadingAgent(server, own)) {
      reader.warmUp(way.byteSize(), way.depth(), footing.warmUp());
      for (int round = 0; round < settings.rounds(); round++) {
        boolean first = round % 2 == 0;
        if (first) {
          ours[round] = ours(way, reader);
        }
        peers[round] = peer(way, server);
        if (!first) {
          ours[round] = ours(way, reader);
        }
        again[round] = peer(way, server);
        bar.advance(1);
      }
    }
    return summarize(way, ours, peers, again);
  }

  private double ours(TransferCase way, ReadingAgent reader) throws InterruptedException {
    return way.isLatency()
        ? reader.medianNanos(way.byteSize(), settings.seconds())
        : reader.bytesPerSecond(way.byteSize(), way.depth(), settings.seconds());
  }

  private double peer(TransferCase way, ServingProcess server) throws IOException {
    if (way.isTcp()) {
      return way.isLatency()
          ? PingPong.medianNanos(server.plainPort(), way.byteSize(), settings.seconds())
          : Iperf.bytesPerSecond(settings.seconds(), way.byteSize());
    }
    return way.isLatency()
        ? UcxPerftest.medianNanos(way.byteSize(), ucx, iterations(way))
        : UcxPerftest.bytesPerSecond(way.byteSize(), way.depth(), ucx, iterations(way));
  }

  /** A first short run says how many fill the time. */
  private long iterations(TransferCase way) throws IOException {
    double perSecond =
        UcxPerftest.bytesPerSecond(way.byteSize(), way.depth(), ucx, FEW_ITERATIONS)
            / way.byteSize();
    return Math.max(FEW_ITERATIONS, Math.round(perSecond * settings.seconds()));
  }

  private static BenchCase summarize(
      TransferCase way, double[] ours, double[] peers, double[] again) {
    double[] ratios = new double[ours.length];
    double[] control = new double[ours.length];
    for (int i = 0; i < ours.length; i++) {
      ratios[i] = way.isLatency() ? peers[i] / ours[i] : ours[i] / peers[i];
      control[i] = peers[i] / again[i];
    }
    String peerName = way.isTcp() ? way.isLatency() ? "plain sockets" : "iperf3" : "ucx_perftest";
    return new BenchCase(
        way.name(),
        figures(way, ours),
        peerName,
        figures(way, peers),
        ratios,
        OptionalDouble.of(BenchCase.median(control)));
  }

  private static Map<String, Double> figures(TransferCase way, double[] values) {
    Map<String, Double> figures = new LinkedHashMap<>();
    double median = BenchCase.median(values);
    if (way.isLatency()) {
      figures.put("microsPerRead", median * MICROS);
    } else {
      figures.put("gbPerSecond", median / GIGA);
    }
    return figures;
  }
}
