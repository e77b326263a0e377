package io.kvbm.bench.transfer;

import com.fasterxml.jackson.core.JsonFactory;
import io.kvbm.bench.report.JsonTree;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** iperf3 over loopback, one stream. */
final class Iperf {

  private static final int BITS = 8;

  private Iperf() {}

  static boolean isInstalled() {
    return Tool.isInstalled(List.of("iperf3", "--version"));
  }

  /**
   * {@return bytes a second as they arrive}
   *
   * @param seconds how long; iperf3 counts whole seconds
   * @param byteSize bytes of a write
   */
  static double bytesPerSecond(double seconds, int byteSize) throws IOException {
    int port = Tool.freePort();
    String text = Integer.toString(port);
    String said =
        Tool.run(
            List.of("iperf3", "-s", "-1", "-B", "127.0.0.1", "-p", text),
            List.of(
                "iperf3",
                "-c",
                "127.0.0.1",
                "-p",
                text,
                "-J",
                "-O",
                "1",
                "-l",
                Integer.toString(byteSize),
                "-t",
                String.format(Locale.ROOT, "%.0f", Math.max(1, seconds))),
            port,
            Map.of());
    return JsonTree.read(new JsonFactory(), said)
            .get("end")
            .get("sum_received")
            .number("bits_per_second")
        / BITS;
  }
}
