package io.kvbm.api.cache;

import io.kvbm.api.CapacityException;
import io.kvbm.api.Stability;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Hot values in device memory, bounded, evicted by policy. Threading: safe from any thread; a hit
 * takes no lock.
 */
@Stability(Stability.Level.PREVIEW)
public interface DeviceCache extends AutoCloseable {

  /**
   * Copies a value to the device and keeps it under a key.
   *
   * @param key the value's key
   * @param data its bytes
   * @throws CapacityException if it is larger than the cache, or everything else is pinned; an
   *     older value stays
   */
  void cache(String key, MemorySegment data);

  /**
   * {@return the device address of a value; empty on a miss}
   *
   * <p>Without a pin the value may be evicted at any time after the call.
   *
   * @param key the value's key
   */
  OptionalLong devicePointer(String key);

  /**
   * Keeps a value from being evicted.
   *
   * @param key the value's key
   * @return the pin, or empty on a miss; the caller closes it
   */
  Optional<Pin> pin(String key);

  /**
   * Forgets a value; its memory is freed after the last pin.
   *
   * @param key the value's key
   * @return whether there was one
   */
  boolean remove(String key);

  /** {@return the most bytes kept} */
  long capacityByteSize();

  /** {@return counters so far} */
  Statistics statistics();

  @Override
  void close();

  /** A value that cannot be evicted until closed. */
  interface Pin extends AutoCloseable {

    /** {@return the device address} */
    long devicePointer();

    /** {@return the value's length in bytes} */
    long byteSize();

    @Override
    void close();
  }

  /**
   * Counters of a cache.
   *
   * @param hits lookups that found a value
   * @param misses lookups that did not
   * @param evictions values dropped for room
   * @param usedByteSize bytes in use
   */
  record Statistics(long hits, long misses, long evictions, long usedByteSize) {}
}
