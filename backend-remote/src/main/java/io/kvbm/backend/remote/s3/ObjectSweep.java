package io.kvbm.backend.remote.s3;

import io.kvbm.api.store.CompactionReport;
import io.kvbm.backend.remote.s3.S3Bucket.Entry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * One collection: expired objects, objects beyond the store's age and quota (the oldest first), and
 * abandoned uploads. An object goes only if it is the one that was judged: it is looked at again
 * under its lock, and deleted under the condition of its ETag. Ends where the store is closed.
 */
final class ObjectSweep {

  private final StoreParts parts;
  private final Instant now;

  ObjectSweep(StoreParts parts) {
    this.parts = parts;
    now = parts.clock().instant();
  }

  CompactionReport run() {
    long started = parts.clock().nanoTime();
    sweepMarked();
    List<Entry> entries = entries();
    long before = entries.stream().mapToLong(Entry::byteSize).sum();
    long after = before;
    long quota = parts.settings().bytesIfSet("quota").orElse(Long.MAX_VALUE);
    Instant oldest = parts.settings().durationIfSet("ttl").map(now::minus).orElse(Instant.MIN);
    for (Entry entry : entries) {
      parts.gate().requireOpen();
      if (!entry.modified().isBefore(oldest) && after <= quota) {
        break;
      }
      if (deleteIfSame(entry)) {
        after -= entry.byteSize();
      }
    }
    sweepUploads();
    return new CompactionReport(before, after, 0, parts.clock().nanoTime() - started);
  }

  /** {@return all objects, the oldest first} */
  private List<Entry> entries() {
    List<Entry> entries = new ArrayList<>();
    new ObjectList(parts)
        .walk(
            "",
            "",
            Integer.MAX_VALUE,
            (_, entry) -> {
              entries.add(entry);
              return true;
            });
    entries.sort(Comparator.comparing(Entry::modified).thenComparing(Entry::key));
    return entries;
  }

  private boolean deleteIfSame(Entry judged) {
    String key = judged.key().substring(parts.location().root().length());
    return parts.locked(
        key,
        () -> {
          Optional<Entry> found = parts.bucket().head(judged.key());
          if (found.isEmpty()) {
            return true;
          }
          return found.get().tag().equals(judged.tag())
              && parts.bucket().delete(judged.key(), judged.tag());
        });
  }

  /** Marks whose object has no end any more go once they are too old to be those of a put. */
  private void sweepMarked() {
    String marks = parts.location().marks();
    String last = "";
    Instant settled = now.minus(parts.settings().duration("orphanAge"));
    while (true) {
      List<Entry> page = parts.bucket().list(marks, last, 1000);
      for (Entry mark : page) {
        parts.gate().requireOpen();
        String key = mark.key().substring(marks.length());
        parts.locked(key, () -> sweepMarked(key, mark, settled));
      }
      if (page.isEmpty()) {
        return;
      }
      last = page.getLast().key();
    }
  }

  private boolean sweepMarked(String key, Entry mark, Instant settled) {
    Optional<Entry> found = parts.bucket().head(parts.location().physical(key));
    if (found.isPresent() && found.get().isExpired(now)) {
      return parts.bucket().delete(found.get().key(), found.get().tag());
    }
    boolean hasEnd = found.isPresent() && found.get().metadata().containsKey(S3Bucket.EXPIRES);
    return !hasEnd
        && mark.modified().isBefore(settled)
        && parts.bucket().delete(mark.key(), mark.tag());
  }

  private void sweepUploads() {
    Instant abandoned = now.minus(parts.settings().duration("orphanAge"));
    for (var upload : parts.bucket().uploads(parts.location().root())) {
      parts.gate().requireOpen();
      boolean isOurs = upload.key().startsWith(parts.location().root());
      if (isOurs && (upload.initiated() == null || upload.initiated().isBefore(abandoned))) {
        parts.bucket().abort(upload.key(), upload.uploadId());
      }
    }
  }
}
