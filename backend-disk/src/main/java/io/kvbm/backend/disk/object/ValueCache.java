package io.kvbm.backend.disk.object;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.kvbm.api.spi.MemoryBudget;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Hot values in off-heap memory, by their version, which no other value has. What is in it was
 * checked. Threading: safe from any thread.
 */
final class ValueCache implements AutoCloseable {

  /** A value above this part of the cache would push out too many others. */
  private static final int LARGEST_PART = 8;

  /** What part is left for values that are pushed out while somebody reads them. */
  private static final int SLACK_PART = 16;

  private final long byteSize;
  private final CacheMemory memory;
  private final @Nullable Cache<Long, CachedValue> values;
  private final AtomicLong used = new AtomicLong();
  private final StoreCounters counters;

  /**
   * @param byteSize the most bytes of all values; 0 for no cache
   * @param budget what the memory is taken from
   * @param counters told of hits and misses
   */
  ValueCache(long byteSize, MemoryBudget budget, StoreCounters counters) {
    this.counters = counters;
    this.byteSize = byteSize;
    this.memory = new CacheMemory(byteSize, budget);
    this.values =
        byteSize == 0
            ? null
            : Caffeine.newBuilder()
                .maximumWeight(byteSize - byteSize / SLACK_PART)
                .weigher((Long version, CachedValue value) -> weight(value))
                .evictionListener((_, value, _) -> release(value))
                .executor(Runnable::run)
                .build();
  }

  private static int weight(CachedValue value) {
    return (int) Math.min(Integer.MAX_VALUE, value.takenByteSize());
  }

  private void release(@Nullable CachedValue value) {
    if (value != null) {
      used.addAndGet(-value.release());
    }
  }

  private boolean takes(long valueByteSize) {
    return valueByteSize > 0 && valueByteSize <= byteSize / LARGEST_PART;
  }

  /** {@return whether bytes of a value were in memory and are copied} */
  boolean tryRead(long version, long offset, MemorySegment target) {
    if (values == null) {
      return false;
    }
    CachedValue value = values.getIfPresent(version);
    if (value == null || !value.hold()) {
      counters.cacheMisses.increment();
      return false;
    }
    try {
      value.read(offset, target);
    } finally {
      release(value);
    }
    counters.cacheHits.increment();
    return true;
  }

  /** Keeps a copy of a value that was read and checked. */
  void keep(long version, MemorySegment bytes) {
    if (values == null || !takes(bytes.byteSize())) {
      return;
    }
    // Entered first: what it pushes out leaves its memory to it.
    CachedValue value = new CachedValue(memory, bytes.byteSize());
    if (values.asMap().putIfAbsent(version, value) != null) {
      return;
    }
    if (value.fill(bytes)) {
      used.addAndGet(value.takenByteSize());
    } else if (values.asMap().remove(version, value)) {
      release(value);
    }
  }

  /** Drops a value that is no longer an object's. */
  void drop(long version) {
    if (values != null) {
      release(values.asMap().remove(version));
    }
  }

  /** {@return bytes of all values in it, and of those that somebody still reads} */
  long usedByteSize() {
    return Math.max(0, used.get()); // what is filled is counted a moment later
  }

  /** Frees every value. Called when nobody reads. */
  @Override
  public void close() {
    if (values != null) {
      for (Long version : values.asMap().keySet()) {
        drop(version);
      }
    }
    memory.close();
  }
}
