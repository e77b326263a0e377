package io.kvbm.cli.trace;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.collections.LongArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Merges conversations, one JSON document each, into one trace.
 *
 * <p>Hash ids are local to their file: each pair of file and id gets a hash of its own, counted up
 * in the order of appearance. The file with index i starts at 60 s × i; a request arrives at that
 * start plus its {@code t}, in seconds. Requests of the same time keep the order of their files,
 * then of their places. An entry may hold further entries in {@code requests} (a sub-agent's
 * calls), whose {@code t} counts from the file's start too; an entry without {@code hash_ids} is no
 * request of its own.
 */
final class WekaReader {

  private static final long NANOS_PER_SECOND = 1_000_000_000;
  private static final long FILE_INTERVAL_NANOS = 60 * NANOS_PER_SECOND;
  private static final long ABSENT = -1;

  private final List<Entry> entries = new ArrayList<>();
  private final LongArrayList hashes = new LongArrayList();
  private int fileCount;
  private long hashCount;

  /**
   * One element of a {@code requests} array; it takes its place when it begins and is filled when
   * it ends.
   */
  private static final class Entry {
    private long timestampNanos;
    private boolean hasTime;
    private long @Nullable [] hashes;
  }

  /** Adds the requests of the next file. */
  void read(Path file, InputStream source) throws IOException {
    int before = entries.size();
    Long2LongHashMap names = new Long2LongHashMap(ABSENT);
    try (JsonParser json = JsonFields.JSON.createParser(source)) {
      try {
        json.nextToken();
        JsonFields.require(json, JsonToken.START_OBJECT, "is not a JSON object");
        readConversation(json, names);
      } catch (JsonProcessingException e) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT,
            "%s line %d column %d %s"
                .formatted(
                    file,
                    json.currentLocation().getLineNr(),
                    json.currentLocation().getColumnNr(),
                    JsonFields.reason(e)),
            e);
      }
    }
    entries.subList(before, entries.size()).removeIf(entry -> entry.hashes == null);
    if (entries.size() == before) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, file + " holds no requests with hash_ids");
    }
    fileCount++;
  }

  /** Returns the requests of all files in the order of their arrival. */
  Trace.Builder merge() {
    entries.sort(Comparator.comparingLong(entry -> entry.timestampNanos));
    Trace.Builder trace = new Trace.Builder();
    for (Entry entry : entries) {
      if (entry.hashes != null) {
        for (long hash : entry.hashes) {
          trace.addBlock(hash);
        }
        trace.endRequest(entry.timestampNanos);
      }
    }
    return trace;
  }

  private void readConversation(JsonParser json, Long2LongHashMap names) throws IOException {
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String field = json.currentName();
      json.nextToken();
      if (field.equals("requests")) {
        readEntries(json, names);
      } else {
        json.skipChildren();
      }
    }
    if (json.nextToken() != null) {
      throw new TraceSyntaxException("goes on behind its JSON object");
    }
  }

  private void readEntries(JsonParser json, Long2LongHashMap names) throws IOException {
    JsonFields.require(json, JsonToken.START_ARRAY, "requests is not an array");
    while (json.nextToken() != JsonToken.END_ARRAY) {
      JsonFields.require(json, JsonToken.START_OBJECT, "a request is not a JSON object");
      readEntry(json, names);
    }
  }

  private void readEntry(JsonParser json, Long2LongHashMap names) throws IOException {
    Entry entry = new Entry();
    entries.add(entry);
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String field = json.currentName();
      json.nextToken();
      switch (field) {
        case "t" -> {
          entry.timestampNanos =
              saturatedSum(
                  fileCount * FILE_INTERVAL_NANOS, JsonFields.nanos(json, "t", NANOS_PER_SECOND));
          entry.hasTime = true;
        }
        case "hash_ids" -> entry.hashes = readHashes(json, names);
        case "requests" -> readEntries(json, names);
        default -> json.skipChildren();
      }
    }
    if (entry.hashes != null && !entry.hasTime) {
      throw new TraceSyntaxException("ends a request that has no t");
    }
  }

  private long[] readHashes(JsonParser json, Long2LongHashMap names) throws IOException {
    hashes.clear();
    JsonFields.hashes(json, local -> hashes.addLong(unique(local, names)));
    return hashes.toLongArray();
  }

  private long unique(long local, Long2LongHashMap names) {
    long hash = names.get(local);
    if (hash == ABSENT) {
      hash = hashCount++;
      names.put(local, hash);
    }
    return hash;
  }

  private static long saturatedSum(long left, long right) {
    long sum = left + right;
    return right > 0 && sum < left ? Long.MAX_VALUE : sum;
  }
}
