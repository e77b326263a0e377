package io.kvbm.bench.transfer;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** {@code ucx_perftest -t ucp_get} over loopback. */
final class UcxPerftest {

  private static final double MEGA = 1 << 20;
  private static final double NANOS = 1e3;
  private static final int MEDIAN_MICROS = 1;
  private static final int OVERALL_MEGABYTES = 5;

  private UcxPerftest() {}

  static boolean isInstalled() {
    return Tool.isInstalled(List.of("ucx_perftest", "-h"));
  }

  /**
   * {@return bytes a second}
   *
   * @param byteSize of a block
   * @param depth blocks in flight
   * @param transports as {@code UCX_TLS} and {@code UCX_NET_DEVICES}
   * @param iterations how many blocks
   */
  static double bytesPerSecond(
      int byteSize, int depth, Map<String, String> transports, long iterations) throws IOException {
    return figure(run(byteSize, depth, transports, iterations), OVERALL_MEGABYTES) * MEGA;
  }

  /**
   * {@return the median of one read in nanoseconds}
   *
   * @param byteSize of a block
   * @param transports as {@code UCX_TLS} and {@code UCX_NET_DEVICES}
   * @param iterations how many reads
   */
  static double medianNanos(int byteSize, Map<String, String> transports, long iterations)
      throws IOException {
    return figure(run(byteSize, 1, transports, iterations), MEDIAN_MICROS) * NANOS;
  }

  private static String run(
      int byteSize, int depth, Map<String, String> transports, long iterations) throws IOException {
    int port = Tool.freePort();
    String text = Integer.toString(port);
    List<String> client = new ArrayList<>(List.of("ucx_perftest", "127.0.0.1", "-p", text));
    client.addAll(List.of("-t", "ucp_get", "-s", Integer.toString(byteSize)));
    client.addAll(List.of("-n", Long.toString(iterations), "-f", "-v"));
    if (depth > 1) {
      client.addAll(List.of("-O", Integer.toString(depth)));
    }
    return Tool.run(List.of("ucx_perftest", "-p", text), client, port, transports);
  }

  /**
   * The last line that is numbers only: iterations, three latencies, two rates, two counts. Where
   * there were too few iterations for one of them, it is {@code inf}.
   */
  static double figure(String said, int column) throws IOException {
    String line =
        said.lines()
            .filter(
                each ->
                    each.matches("([\\d.]+|inf|nan|[\\s,])+")
                        && each.split("[\\s,]+", -1).length > 5)
            .reduce((_, last) -> last)
            .orElseThrow(() -> new IOException("ucx_perftest printed no figures: " + said.strip()));
    return Double.parseDouble(line.strip().split("[\\s,]+", -1)[column]);
  }
}
