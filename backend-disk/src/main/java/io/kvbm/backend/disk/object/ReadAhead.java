package io.kvbm.backend.disk.object;

import io.kvbm.api.KvbmException;
import java.lang.foreign.MemorySegment;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Reads on where a value is read piece by piece: a range that follows the one before starts a read
 * of what comes next, through the same checks as any other. Bounded by the number of values that
 * are followed and by the distance of each.
 *
 * <p>Threading: safe from any thread.
 */
final class ReadAhead implements AutoCloseable {

  /** How many values are followed at once. */
  private static final int STREAMS = 16;

  private final BodyReader reader;
  private final Buffers buffers;
  private final long distance;
  private final Executor executor;
  private final StoreCounters counters;
  private final Map<Location, Stream> streams = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * @param distanceByteSize how far to read ahead; 0 for never
   * @param executor where to wait for the disk
   */
  ReadAhead(
      BodyReader reader,
      Buffers buffers,
      long distanceByteSize,
      Executor executor,
      StoreCounters counters) {
    this.reader = reader;
    this.buffers = buffers;
    this.distance = distanceByteSize;
    this.executor = executor;
    this.counters = counters;
  }

  boolean isOn() {
    return distance > 0;
  }

  /** One value that is read piece by piece. */
  private static final class Stream {
    private long nextOffset = -1;
    private @Nullable Window window;
  }

  /** Bytes of a value, on their way or there. */
  private static final class Window {
    private final Buffers.Buffer buffer;
    private final long start;
    private final long end;
    private final CompletableFuture<Boolean> read;
    private long usedEnd;

    Window(Buffers.Buffer buffer, long start, long end, CompletableFuture<Boolean> read) {
      this.buffer = buffer;
      this.start = start;
      this.end = end;
      this.read = read;
      this.usedEnd = start;
    }

    /** Waits for the read; says whether the bytes are there. */
    boolean settle() {
      try {
        return read.join();
      } catch (CompletionException e) {
        return false; // read again by whoever wants the bytes, and then it is an answer
      }
    }
  }

  /** {@return whether the range was read ahead; then it is copied} */
  synchronized boolean tryRead(Location at, long offset, MemorySegment target) {
    Stream stream = streams.get(at);
    Window window = stream == null ? null : stream.window;
    long end = offset + target.byteSize();
    if (window == null || offset < window.start || end > window.end || !window.settle()) {
      return false;
    }
    MemorySegment.copy(window.buffer.memory(), offset - window.start, target, 0, target.byteSize());
    if (end > window.usedEnd) {
      counters.prefetchUsedBytes.add(end - Math.max(window.usedEnd, offset));
      window.usedEnd = end;
    }
    return true;
  }

  /** Notes that a range was read, and reads on where it followed the one before. */
  synchronized void note(String key, Location at, long offset, long byteSize) {
    Stream stream = streams.computeIfAbsent(at, _ -> new Stream());
    dropOldest();
    boolean follows = offset == stream.nextOffset;
    long end = offset + byteSize;
    stream.nextOffset = end;
    Window window = stream.window;
    if (!follows) {
      drop(stream);
    } else if (end < at.rawByteSize() && (window == null || end >= window.end)) {
      drop(stream);
      stream.window = begin(key, at, end);
    }
  }

  private @Nullable Window begin(String key, Location at, long start) {
    long end = Math.min(start + distance, at.rawByteSize());
    Buffers.Buffer buffer = null;
    try {
      buffer = buffers.borrow(end - start);
      MemorySegment target = buffer.memory().asSlice(0, end - start);
      return new Window(
          buffer,
          start,
          end,
          CompletableFuture.supplyAsync(() -> reader.read(key, at, start, target), executor));
    } catch (KvbmException | RejectedExecutionException e) {
      if (buffer != null) {
        buffer.close();
      }
      return null; // a guess is worth no error
    }
  }

  private void dropOldest() {
    for (Iterator<Stream> oldest = streams.values().iterator();
        streams.size() > STREAMS && oldest.hasNext(); ) {
      Stream stream = oldest.next();
      oldest.remove();
      drop(stream);
    }
  }

  private void drop(Stream stream) {
    Window window = stream.window;
    if (window != null) {
      stream.window = null;
      window.settle();
      counters.prefetchWastedBytes.add(window.end - window.usedEnd);
      window.buffer.close();
    }
  }

  /** Waits for reads under way and frees them. */
  @Override
  public synchronized void close() {
    streams.values().forEach(this::drop);
    streams.clear();
  }
}
