package io.kvbm.cli.replay;

import com.fasterxml.jackson.core.JsonGenerator;
import io.kvbm.api.spi.ByteSizes;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.Quantity;
import io.kvbm.cli.console.Table;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.RouteUse;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a leader and its workers found.
 *
 * @param trace the trace's name
 * @param requests requests of the trace
 * @param served requests that were served in full
 * @param directory how the leader found its workers
 * @param shardByteSize bytes that each worker has of a block
 * @param workers how many there were
 * @param figures what the replay counted, see {@link Replay#figures()}
 * @param routes what was moved between tiers, the bytes of all shards
 * @param perWorker what each worker did, by the names of its figures; see {@link ServedShards}
 * @param lost workers that were lost, and why
 * @param nanos how long it took
 */
record WorkersReport(
    String trace,
    int requests,
    int served,
    String directory,
    long shardByteSize,
    int workers,
    Map<String, Long> figures,
    List<RouteUse> routes,
    Map<String, Map<String, Long>> perWorker,
    Map<String, String> lost,
    long nanos) {

  private static final List<String> COUNTED =
      List.of("misses", "wrongBlocks", "lost", "late", "avoided");
  private static final List<String> OF_WORKER =
      List.of("moves", "shards", "bytes", "failed", "filled", "compared", "wrong");
  private static final double GIGA = 1e9;

  private long figure(String name) {
    return figures.getOrDefault(name, 0L);
  }

  private long hits() {
    long hits = 0;
    for (CacheLevel level : CacheLevel.values()) {
      hits += figure(level.text());
    }
    return hits;
  }

  private long failedBlocks() {
    return routes.stream().mapToLong(RouteUse::unmoved).sum();
  }

  /** {@return whether every byte that came back was right, on workers that all were there} */
  boolean isGood() {
    return figure("wrongBlocks") == 0 && lost.isEmpty();
  }

  /** {@return what went wrong, for people, in one line} */
  String complaint() {
    return lost.isEmpty()
        ? "%d blocks came back with other bytes".formatted(figure("wrongBlocks"))
        : "%s; its shards are lost, so no block is found any more: the replay ended after %d of %d requests"
            .formatted(
                lost.entrySet().stream()
                    .map(worker -> "worker " + worker.getKey() + " " + worker.getValue())
                    .collect(Collectors.joining(", ")),
                served,
                requests);
  }

  private double seconds() {
    return nanos / GIGA;
  }

  private double blocksPerSecond() {
    return (hits() + figure("misses")) / Math.max(1e-9, seconds());
  }

  void write(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("trace", trace);
    json.writeNumberField("requests", requests);
    json.writeNumberField("served", served);
    json.writeNumberField("blocks", hits() + figure("misses"));
    json.writeNumberField("workers", workers);
    json.writeStringField("directory", directory);
    json.writeNumberField("shardBytes", shardByteSize);
    json.writeObjectFieldStart("hits");
    for (CacheLevel level : CacheLevel.values()) {
      json.writeNumberField(level.text(), figure(level.text()));
    }
    json.writeEndObject();
    for (String name : COUNTED) {
      json.writeNumberField(name, figure(name));
    }
    json.writeNumberField("failedBlocks", failedBlocks());
    json.writeObjectFieldStart("moved");
    for (RouteUse route : routes) {
      json.writeObjectFieldStart(route.route());
      json.writeNumberField("blocks", route.blocks());
      json.writeNumberField("bytes", route.byteSize());
      json.writeNumberField("failed", route.unmoved());
      json.writeEndObject();
    }
    json.writeEndObject();
    json.writeObjectFieldStart("perWorker");
    for (Map.Entry<String, Map<String, Long>> worker : perWorker.entrySet()) {
      json.writeObjectFieldStart(worker.getKey());
      for (String name : OF_WORKER) {
        json.writeNumberField(name, worker.getValue().getOrDefault(name, 0L));
      }
      json.writeEndObject();
    }
    json.writeEndObject();
    json.writeObjectFieldStart("lostWorkers");
    for (Map.Entry<String, String> worker : lost.entrySet()) {
      json.writeStringField(worker.getKey(), worker.getValue());
    }
    json.writeEndObject();
    json.writeNumberField("seconds", seconds());
    json.writeNumberField("blocksPerSecond", blocksPerSecond());
    json.writeEndObject();
  }

  void print(Console console) {
    console.line(
        "%s: %d of %d requests asked for %d blocks in %d shards of %s, workers found through %s"
            .formatted(
                trace,
                served,
                requests,
                hits() + figure("misses"),
                workers,
                ByteSizes.format(shardByteSize),
                directory));
    console.line("");
    Table tiers = new Table("served by", ">blocks", ">share");
    for (CacheLevel level : CacheLevel.values()) {
      tiers.row(level.text(), text(figures, level.text()), share(figure(level.text())));
    }
    tiers.row("filled anew", text(figures, "misses"), share(figure("misses")));
    tiers.print(console);
    console.line("");
    Table moves = new Table("moved", ">blocks", ">bytes", ">failed");
    for (RouteUse route : routes) {
      moves.row(
          route.route(),
          Long.toString(route.blocks()),
          ByteSizes.format(route.byteSize()),
          Long.toString(route.unmoved()));
    }
    moves.print(console);
    console.line("");
    Table each = new Table("worker", ">moves", ">shards", ">failed", ">compared", ">wrong");
    perWorker.forEach(
        (name, did) ->
            each.row(
                name,
                text(did, "moves"),
                text(did, "shards"),
                text(did, "failed"),
                text(did, "compared"),
                text(did, "wrong")));
    lost.keySet().forEach(name -> each.row(name, "lost", "", "", "", ""));
    each.print(console);
    console.line("");
    long wrong = figure("wrongBlocks");
    console.line(
        "%.1f s, %s blocks/s; %d blocks failed to move; %s"
            .formatted(
                seconds(),
                Quantity.format(blocksPerSecond()),
                failedBlocks(),
                wrong == 0
                    ? "all %d blocks that came back were compared on every worker: none was wrong"
                        .formatted(hits())
                    : "%d of %d blocks that came back were WRONG".formatted(wrong, hits())));
  }

  private static String text(Map<String, Long> figures, String name) {
    return Long.toString(figures.getOrDefault(name, 0L));
  }

  private String share(long part) {
    return String.format(
        Locale.ROOT, "%.1f %%", 100.0 * part / Math.max(1, hits() + figure("misses")));
  }
}
