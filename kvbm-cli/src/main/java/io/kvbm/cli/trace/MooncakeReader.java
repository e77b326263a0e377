package io.kvbm.cli.trace;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;

/**
 * Reads JSON Lines of requests. {@code timestamp} is in milliseconds, a request without one arrives
 * with the request before it; {@code hash_ids} must be there and may be empty; other fields and
 * empty lines are ignored.
 */
final class MooncakeReader {

  private static final long NANOS_PER_MILLI = 1_000_000;

  private final Trace.Builder trace = new Trace.Builder();
  private long timestampNanos;

  private MooncakeReader() {}

  /** Returns the requests in the order of their lines. */
  static Trace.Builder read(Path file, InputStream source) throws IOException {
    MooncakeReader reader = new MooncakeReader();
    LineReader lines = new LineReader(source);
    try {
      while (lines.advance()) {
        if (!lines.isBlank()) {
          reader.readLine(lines);
        }
      }
    } catch (JsonProcessingException e) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "%s line %d %s".formatted(file, lines.number(), JsonFields.reason(e)),
          e);
    }
    return reader.trace;
  }

  private void readLine(LineReader line) throws IOException {
    try (JsonParser json =
        JsonFields.JSON.createParser(line.bytes(), line.offset(), line.length())) {
      json.nextToken();
      JsonFields.require(json, JsonToken.START_OBJECT, "is not a JSON object");
      boolean hasHashes = false;
      while (json.nextToken() != JsonToken.END_OBJECT) {
        String field = json.currentName();
        json.nextToken();
        switch (field) {
          case "timestamp" -> timestampNanos = JsonFields.nanos(json, "timestamp", NANOS_PER_MILLI);
          case "hash_ids" -> {
            if (hasHashes) {
              throw new TraceSyntaxException("has hash_ids twice");
            }
            hasHashes = true;
            JsonFields.hashes(json, trace::addBlock);
          }
          default -> json.skipChildren();
        }
      }
      if (!hasHashes) {
        throw new TraceSyntaxException("has no hash_ids");
      }
      if (json.nextToken() != null) {
        throw new TraceSyntaxException("goes on behind its JSON object");
      }
    }
    trace.endRequest(timestampNanos);
  }
}
