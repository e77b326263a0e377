package io.kvbm.backend.disk.object;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.kvbm.api.CapacityException;
import io.kvbm.api.spi.MemoryBudget;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Hot values in off-heap memory, by their version, which no other value has. What is in it was
 * checked. Threading: safe from any thread.
 */
final class ValueCache implements AutoCloseable {

  /** What a value takes beside its bytes, about. */
  private static final int OVERHEAD = 160;

  /** A value above this part of the cache would push out too many others. */
  private static final int LARGEST_PART = 8;

  private final long byteSize;
  private final MemoryBudget budget;
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
    this.budget = budget;
    this.values =
        byteSize == 0
            ? null
            : Caffeine.newBuilder()
                .maximumWeight(byteSize)
                .weigher((Long version, CachedValue value) -> weight(value))
                .evictionListener((_, value, _) -> release(value))
                .executor(Runnable::run)
                .build();
  }

  private static int weight(CachedValue value) {
    return (int) Math.min(Integer.MAX_VALUE, value.byteSize() + OVERHEAD);
  }

  private static void release(@Nullable CachedValue value) {
    if (value != null) {
      value.release();
    }
  }

  boolean takes(long valueByteSize) {
    return values != null && valueByteSize > 0 && valueByteSize <= byteSize / LARGEST_PART;
  }

  /** {@return the value, held for the caller; null where it is not cached} */
  @Nullable CachedValue hold(long version) {
    if (values == null) {
      return null;
    }
    CachedValue value = values.getIfPresent(version);
    if (value != null && value.hold()) {
      counters.cacheHits.increment();
      return value;
    }
    counters.cacheMisses.increment();
    return null;
  }

  /** Keeps a copy of a value that was read and checked. */
  void keep(long version, MemorySegment bytes) {
    if (values == null || !takes(bytes.byteSize())) {
      return;
    }
    long taken = bytes.byteSize() + OVERHEAD;
    MemoryBudget.Reservation reservation;
    try {
      reservation = budget.reserve(bytes.byteSize());
    } catch (CapacityException e) {
      return; // a cache is what there is room for
    }
    Arena arena = Arena.ofShared();
    MemorySegment copy = arena.allocate(bytes.byteSize(), Format.ALIGNMENT);
    MemorySegment.copy(bytes, 0, copy, 0, bytes.byteSize());
    used.addAndGet(taken);
    CachedValue value =
        new CachedValue(
            copy,
            () -> {
              arena.close();
              reservation.close();
              used.addAndGet(-taken);
            });
    CachedValue there = values.asMap().putIfAbsent(version, value);
    if (there != null) {
      value.release();
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
    return used.get();
  }

  /** Frees every value. */
  @Override
  public void close() {
    if (values != null) {
      for (Long version : values.asMap().keySet()) {
        drop(version);
      }
    }
  }
}
