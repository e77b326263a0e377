package io.kvbm.backend.remote.directory.etcd;

import io.etcd.jetcd.ByteSequence;
import io.kvbm.backend.remote.directory.Publications;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Sends batches as segments, one after the other, and writes the log anew when it is long. Sending
 * a piece again does no harm: it has the same number and the same bytes. Threading: the directory's
 * thread.
 */
final class SegmentWriter {

  private static final int MAX_SEGMENTS = 64;
  private static final long SPARE_KEYS = 4096;

  private final Session session;
  private final Publications publications;
  private final Executor thread;
  private final int keysPerSegment;
  private final List<FlushWaiter> waiters = new ArrayList<>();
  private final List<SegmentRecord> outgoing = new ArrayList<>();
  private boolean enabled;
  private boolean busy;
  private boolean compacting; // outgoing is the log written anew
  private long nextSegment = 1;
  private long base = 1;
  private long logSegments;
  private long logKeys;
  private long takenChanges;
  private long sentChanges;
  private final AtomicLong batches = new AtomicLong();

  private record FlushWaiter(long changes, CompletableFuture<Boolean> done) {}

  SegmentWriter(Session session, Publications publications, Executor thread, int segmentBytes) {
    this.session = session;
    this.publications = publications;
    this.thread = thread;
    keysPerSegment = (segmentBytes - SegmentRecord.OVERHEAD_BYTES) / SegmentRecord.KEY_BYTES;
  }

  long batches() {
    return batches.get();
  }

  /** The member is announced anew: nobody knows anything of it. */
  void restart() {
    outgoing.clear();
    compacting = false;
    publications.restart();
    base = nextSegment;
    logSegments = 0;
    logKeys = 0;
    sentChanges = -1;
  }

  void enable(boolean on) {
    enabled = on;
    if (on) {
      send();
    }
  }

  void flush(long changes, CompletableFuture<Boolean> done) {
    waiters.add(new FlushWaiter(changes, done));
    send();
  }

  /** Sends what waits, unless something is under way: then that is followed by it. */
  void send() {
    if (!enabled || busy) {
      return;
    }
    if (outgoing.isEmpty()) {
      Publications.Batch batch = publications.take();
      takenChanges = batch.changes();
      if (batch.isEmpty()) {
        sent();
        return;
      }
      batches.incrementAndGet();
      cut(batch);
    }
    put();
  }

  private void put() {
    busy = true;
    SegmentRecord segment = outgoing.getFirst();
    var _ =
        session
            .put(segment)
            .whenCompleteAsync((revision, failure) -> wasPut(segment, failure), thread);
  }

  private void wasPut(SegmentRecord segment, @Nullable Throwable failure) {
    busy = false;
    if (outgoing.isEmpty() || outgoing.getFirst() != segment) {
      send(); // restarted meanwhile
      return;
    }
    if (failure != null) {
      session.failed(failure); // and then goes on with the same piece
      return;
    }
    outgoing.removeFirst();
    if (!outgoing.isEmpty()) {
      if (enabled) {
        put();
      }
      return;
    }
    if (compacting) {
      compacting = false;
      removeBelow(segment.base());
      return;
    }
    sent();
    if (logSegments > MAX_SEGMENTS || logKeys > 2L * publications.held() + SPARE_KEYS) {
      compact();
    }
    send();
  }

  private void sent() {
    sentChanges = takenChanges;
    waiters.removeIf(
        waiter -> {
          boolean done = waiter.changes() <= sentChanges;
          if (done) {
            waiter.done().complete(true);
          }
          return done || waiter.done().isDone();
        });
  }

  private void cut(Publications.Batch batch) {
    boolean reset = batch.reset();
    int added = 0;
    int removed = 0;
    do {
      long[] more = slice(batch.added(), added, keysPerSegment);
      long[] less = slice(batch.removed(), removed, keysPerSegment - more.length / 2);
      if (reset) {
        base = nextSegment;
        logSegments = 0;
        logKeys = 0;
      }
      append(new SegmentRecord(session.generation(), nextSegment, base, reset, more, less));
      reset = false;
      added += more.length;
      removed += less.length;
    } while (added < batch.added().length || removed < batch.removed().length);
  }

  // The last piece alone makes what was before void: until it is there, the pieces only repeat.
  private void compact() {
    long[] keys = publications.sent();
    long first = nextSegment;
    compacting = true;
    logSegments = 0;
    logKeys = 0;
    int at = 0;
    do {
      long[] more = slice(keys, at, keysPerSegment);
      at += more.length;
      base = at < keys.length ? base : first;
      append(new SegmentRecord(session.generation(), nextSegment, base, false, more, new long[0]));
    } while (at < keys.length);
  }

  private void removeBelow(long first) {
    busy = true;
    ByteSequence from = session.segmentKey(0);
    // Failing, they are void all the same, and the next time removes them, too.
    var _ =
        session
            .delete(from, session.segmentKey(first))
            .whenCompleteAsync(
                (done, failure) -> {
                  busy = false;
                  send();
                },
                thread);
  }

  private void append(SegmentRecord segment) {
    outgoing.add(segment);
    nextSegment++;
    logSegments++;
    logKeys += (segment.added().length + segment.removed().length) / 2;
  }

  private static long[] slice(long[] keys, int from, int most) {
    return Arrays.copyOfRange(keys, from, (int) Math.min(keys.length, from + 2L * most));
  }
}
