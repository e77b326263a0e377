package io.kvbm.cli.replay;

import com.fasterxml.jackson.core.JsonGenerator;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.Quantity;
import io.kvbm.cli.console.Table;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What several processes that replayed one trace together found.
 *
 * @param trace the trace's name
 * @param requests requests replayed, all processes together
 * @param blocks blocks they asked for
 * @param directory how the processes found each other's blocks
 * @param peers what each found, by the names of its figures; see {@link AskedReplay}
 * @param nanos how long it took
 */
record PeersReport(
    String trace,
    int requests,
    long blocks,
    String directory,
    List<Map<String, Long>> peers,
    long nanos) {

  /** Tiers and the peers' own, in the order of the document. */
  static final List<String> SERVED = List.of("device", "host", "disk", "remote");

  /** Figures beside hits that add up. */
  static final List<String> COUNTED =
      List.of("misses", "wrongBlocks", "lost", "late", "avoided", "lent");

  private static final double GIGA = 1e9;

  /** {@return a figure of all processes together} */
  long total(String figure) {
    return peers.stream().mapToLong(peer -> peer.getOrDefault(figure, 0L)).sum();
  }

  private double seconds() {
    return nanos / GIGA;
  }

  private double blocksPerSecond() {
    return blocks / Math.max(1e-9, seconds());
  }

  void write(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("trace", trace);
    json.writeNumberField("requests", requests);
    json.writeNumberField("blocks", blocks);
    json.writeStringField("directory", directory);
    Map<String, Long> totals = new LinkedHashMap<>();
    SERVED.forEach(figure -> totals.put(figure, total(figure)));
    COUNTED.forEach(figure -> totals.put(figure, total(figure)));
    writeFigures(totals, json);
    json.writeNumberField("seconds", seconds());
    json.writeNumberField("blocksPerSecond", blocksPerSecond());
    json.writeArrayFieldStart("peers");
    for (Map<String, Long> peer : peers) {
      json.writeStartObject();
      json.writeNumberField("requests", peer.getOrDefault("requests", 0L));
      writeFigures(peer, json);
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void writeFigures(Map<String, Long> figures, JsonGenerator json)
      throws IOException {
    json.writeObjectFieldStart("hits");
    for (String tier : SERVED) {
      json.writeNumberField(tier, figures.getOrDefault(tier, 0L));
    }
    json.writeEndObject();
    for (String figure : COUNTED) {
      json.writeNumberField(figure, figures.getOrDefault(figure, 0L));
    }
  }

  void print(Console console) {
    console.line(
        "%s: %d requests asked for %d blocks, %d processes in turns, found through %s"
            .formatted(trace, requests, blocks, peers.size(), directory));
    console.line("");
    Table table =
        new Table(
            "process",
            ">requests",
            ">device",
            ">host",
            ">disk",
            ">remote",
            ">filled anew",
            ">lent");
    for (int i = 0; i < peers.size(); i++) {
      Map<String, Long> peer = peers.get(i);
      table.row(
          Integer.toString(i),
          text(peer, "requests"),
          text(peer, "device"),
          text(peer, "host"),
          text(peer, "disk"),
          text(peer, "remote"),
          text(peer, "misses"),
          text(peer, "lent"));
    }
    table.row(
        "all",
        Integer.toString(requests),
        share("device"),
        share("host"),
        share("disk"),
        share("remote"),
        share("misses"),
        Long.toString(total("lent")));
    table.print(console);
    console.line("");
    long wrong = total("wrongBlocks");
    long checked = blocks - total("misses");
    console.line(
        "%.1f s, %s blocks/s; %s"
            .formatted(
                seconds(),
                Quantity.format(blocksPerSecond()),
                wrong == 0
                    ? "all %d blocks that came back were compared in full: none was wrong"
                        .formatted(checked)
                    : "%d of %d blocks that came back were WRONG".formatted(wrong, checked)));
  }

  private static String text(Map<String, Long> peer, String figure) {
    return Long.toString(peer.getOrDefault(figure, 0L));
  }

  private String share(String figure) {
    return String.format(
        Locale.ROOT, "%d (%.1f %%)", total(figure), 100.0 * total(figure) / Math.max(1, blocks));
  }
}
