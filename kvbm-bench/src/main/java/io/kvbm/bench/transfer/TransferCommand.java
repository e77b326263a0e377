package io.kvbm.bench.transfer;

import io.kvbm.api.CallerException;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.ByteSizes;
import io.kvbm.bench.rounds.RoundSettings;
import io.kvbm.bench.transfer.TransferBench.Footing;
import io.kvbm.bench.transfer.TransferCase.Mode;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.spi.Subcommand;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code kvbm bench transfer}: what reading a peer's memory takes, beside the tools of the trade.
 */
@Command(
    name = "transfer",
    description = {
      "Measures reads of another process's memory over loopback.",
      "tcp with several blocks in flight is compared with one stream of iperf3, a single block with"
          + " a round trip over plain blocking sockets; ucx with ucx_perftest on the same"
          + " transport.",
      "plain is without checksums, crc with a CRC32C of every block from end to end, tls with both"
          + " sides' certificates as well; busy and event say whether the thread of UCX ever waits."
    },
    sortOptions = false)
public final class TransferCommand implements Subcommand {

  private static final int MAX_BYTE_SIZE = 64 << 20;
  private static final int MAX_DEPTH = 1024;
  private static final long MAX_MEMORY = 8L << 30;
  private static final int MAX_WARM_UP = 600;

  @Spec private CommandSpec spec;

  @Option(
      names = "--transport",
      split = ",",
      defaultValue = "tcp,ucx",
      paramLabel = "NAME",
      description = "tcp, ucx or both (default: ${DEFAULT-VALUE}).")
  private List<String> transports;

  @Option(
      names = "--size",
      split = ",",
      defaultValue = "4KiB,64KiB,1MiB",
      paramLabel = "SIZE",
      description = "Bytes of a block (default: ${DEFAULT-VALUE}).")
  private List<String> sizes;

  @Option(
      names = "--depth",
      split = ",",
      defaultValue = "1,8",
      paramLabel = "N",
      description = "Blocks in flight; 1 measures how long one takes (default: ${DEFAULT-VALUE}).")
  private List<Integer> depths;

  @Option(
      names = "--cases",
      split = ",",
      paramLabel = "TEXT",
      description = "Only cases whose names contain one of these, such as tcp-1m or crc.")
  private @Nullable List<String> only;

  @Option(
      names = "--streams",
      defaultValue = "1",
      paramLabel = "N",
      description = "Connections between both sides (default: ${DEFAULT-VALUE}, as iperf3 has).")
  private int streams;

  @Option(
      names = "--ucx-tls",
      defaultValue = "tcp",
      paramLabel = "LIST",
      description = "What UCX may use, for both sides (default: ${DEFAULT-VALUE}).")
  private String ucxTls;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      description =
          "Bytes that are read over and over on either side (default: as many as are in flight, so"
              + " that caches of processors hold them, as they hold what iperf3 and ucx_perftest"
              + " send).")
  private @Nullable String memory;

  @Option(
      names = "--warm-up",
      defaultValue = "4",
      paramLabel = "N",
      description =
          "Seconds of reading before a case is measured: both JVMs compile meanwhile (default:"
              + " ${DEFAULT-VALUE}).")
  private double warmUp;

  @Option(
      names = "--seconds",
      defaultValue = "2",
      paramLabel = "N",
      description = "How long one measurement takes (default: ${DEFAULT-VALUE}).")
  private double seconds;

  @Option(
      names = "--rounds",
      defaultValue = "5",
      paramLabel = "N",
      description = "How often each is measured, in turns (default: ${DEFAULT-VALUE}).")
  private int rounds;

  /** For picocli. */
  public TransferCommand() {}

  @Override
  public int run(Console console) throws IOException, InterruptedException {
    if (streams < 1 || streams > 64) {
      throw misused("--streams %d is not from 1 to 64".formatted(streams));
    }
    if (!(warmUp >= 0 && warmUp <= MAX_WARM_UP)) {
      throw misused("--warm-up %s is not from 0 to %d seconds".formatted(warmUp, MAX_WARM_UP));
    }
    long most = memory == null ? 0 : byteSize("--memory", memory, MAX_MEMORY);
    new TransferBench(cases(), settings(), new Footing(streams, most, warmUp), ucxTls)
        .run(console)
        .print(console);
    return OK;
  }

  private List<TransferCase> cases() {
    List<TransferCase> all = new ArrayList<>();
    for (String transport : transports) {
      List<Mode> modes =
          switch (transport) {
            case "tcp" -> List.of(Mode.PLAIN, Mode.CHECKSUM, Mode.TLS);
            case "ucx" -> List.of(Mode.EVENT, Mode.BUSY);
            default ->
                throw misused("unknown transport '%s'; known: tcp, ucx".formatted(transport));
          };
      for (String size : sizes) {
        int bytes = (int) byteSize("--size", size, MAX_BYTE_SIZE);
        for (int depth : depths) {
          if (depth < 1 || depth > MAX_DEPTH) {
            throw misused("--depth %d is not from 1 to %d".formatted(depth, MAX_DEPTH));
          }
          modes.forEach(mode -> all.add(new TransferCase(transport, bytes, depth, mode)));
        }
      }
    }
    List<String> texts = only;
    List<TransferCase> chosen =
        texts == null
            ? all
            : all.stream().filter(each -> texts.stream().anyMatch(each.name()::contains)).toList();
    if (chosen.isEmpty() && texts != null) {
      throw misused(
          "no case's name contains %s; there are: %s"
              .formatted(
                  String.join(" or ", texts),
                  String.join(", ", all.stream().map(TransferCase::name).toList())));
    }
    return chosen;
  }

  private long byteSize(String option, String text, long most) {
    try {
      long value = ByteSizes.parse(text);
      if (value >= 1 && value <= most) {
        return value;
      }
    } catch (KvbmException e) {
      throw misused(option + ": " + e.getMessage());
    }
    throw misused("%s %s is not from 1 to %s".formatted(option, text, ByteSizes.format(most)));
  }

  private RoundSettings settings() {
    try {
      return new RoundSettings(rounds, seconds, false);
    } catch (CallerException e) {
      throw misused(e.getMessage());
    }
  }

  private ParameterException misused(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
