package io.kvbm.cli.replay;

import com.fasterxml.jackson.core.JsonGenerator;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.RouteUse;
import java.io.IOException;
import java.util.Map;

/** Writes a report as JSON; its keys are a contract. */
final class ReplayDocument {

  private static final double GIGA = 1e9;

  private ReplayDocument() {}

  static void write(
      ReplayReport report, PlainSpeed plain, ReplayOptions options, JsonGenerator json)
      throws IOException {
    json.writeStartObject();
    json.writeStringField("trace", report.trace());
    json.writeNumberField("requests", report.requests());
    json.writeNumberField("blocks", report.blocks());
    json.writeObjectFieldStart("hits");
    for (CacheLevel level : CacheLevel.values()) {
      json.writeNumberField(level.text(), report.hitsOf(level));
    }
    json.writeEndObject();
    json.writeNumberField("misses", report.misses());
    json.writeNumberField("wrongBlocks", report.wrongBlocks());
    json.writeNumberField("sabotaged", report.sabotaged());
    json.writeNumberField("lost", report.lost());
    json.writeNumberField("late", report.late());
    json.writeNumberField("avoided", report.avoided());
    json.writeObjectFieldStart("faults");
    json.writeNumberField("failed", report.faults().failed());
    json.writeNumberField("corrupted", report.faults().corrupted());
    json.writeNumberField("stalled", report.faults().stalled());
    json.writeNumberField("caught", report.faults().caught());
    json.writeEndObject();
    json.writeObjectFieldStart("firstToken");
    json.writeNumberField("seconds", report.firstTokens().seconds());
    json.writeNumberField("secondsWithout", report.firstTokens().secondsWithout());
    json.writeNumberField("worse", report.firstTokens().worse());
    json.writeNumberField("worst", report.firstTokens().worst());
    json.writeEndObject();
    json.writeNumberField("recovered", report.warmth().recovered());
    json.writeNumberField("warmHits", report.warmth().hits());
    json.writeNumberField("recoverySeconds", report.warmth().recoverySeconds());
    json.writeObjectFieldStart("bytesMoved");
    for (RouteUse route : report.routes()) {
      json.writeNumberField(route.route(), route.byteSize());
    }
    json.writeEndObject();
    writeCounts("evictions", report.evictions(), json);
    writeCounts("dropped", report.dropped(), json);
    json.writeNumberField("seconds", report.seconds());
    json.writeNumberField("blocksPerSecond", report.blocksPerSecond());
    writeTiers(options, json);
    writeRoutes(report, json);
    json.writeObjectFieldStart("plain");
    json.writeNumberField("memcpyGbPerSecond", plain.memcpyBytesPerSecond() / GIGA);
    json.writeNumberField("fileWriteGbPerSecond", plain.fileWriteBytesPerSecond() / GIGA);
    json.writeEndObject();
    json.writeEndObject();
  }

  /** Says what each tier is made of: without a GPU, the device tier is on the system backend. */
  private static void writeTiers(ReplayOptions options, JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("tiers");
    for (CacheLevel level : CacheLevel.values()) {
      if (options.capacity(level) > 0) {
        json.writeObjectFieldStart(level.text());
        json.writeNumberField("blocks", options.capacity(level));
        json.writeStringField("backend", options.backend(level));
        json.writeEndObject();
      }
    }
    json.writeEndObject();
  }

  private static void writeRoutes(ReplayReport report, JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("routes");
    for (RouteUse route : report.routes()) {
      json.writeObjectFieldStart(route.route());
      json.writeNumberField("blocks", route.blocks());
      json.writeNumberField("failures", route.unmoved());
      json.writeNumberField("seconds", route.nanos() / GIGA);
      json.writeNumberField("blocksPerSecond", perSecond(route.blocks(), route.nanos()));
      json.writeNumberField("gbPerSecond", perSecond(route.byteSize(), route.nanos()) / GIGA);
      json.writeEndObject();
    }
    json.writeEndObject();
  }

  static double perSecond(long amount, long nanos) {
    return nanos == 0 ? 0 : amount * 1e9 / nanos;
  }

  private static void writeCounts(String name, Map<String, Long> counts, JsonGenerator json)
      throws IOException {
    json.writeObjectFieldStart(name);
    for (CacheLevel level : CacheLevel.values()) {
      Long count = counts.get(level.text());
      if (count != null) {
        json.writeNumberField(level.text(), count);
      }
    }
    json.writeEndObject();
  }
}
