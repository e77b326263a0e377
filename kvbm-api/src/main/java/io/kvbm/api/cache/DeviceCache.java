package io.kvbm.api.cache;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.Stability;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

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
   * Like {@link #cache}, without waiting, where the cache can do that. A look-up does not find the
   * value before it is there whole.
   *
   * @param key the value's key
   * @param data its bytes, which stay the caller's: they must neither change nor be freed before
   *     the stage completes, and must be readable by any thread
   * @return completes when the value can be looked up; exceptionally as {@link #cache} fails, and
   *     with a {@link ClosedException} if the cache was closed before the copy began
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if other threads must not read
   *     the bytes
   */
  default CompletionStage<Void> cacheAsync(String key, MemorySegment data) {
    try {
      cache(key, data);
      return CompletableFuture.completedStage(null);
    } catch (KvbmException e) {
      return CompletableFuture.failedStage(e);
    }
  }

  /**
   * {@return the device address of a value; empty on a miss}
   *
   * <p>Without a pin the value may be evicted at any time after the call.
   *
   * @param key the value's key
   */
  OptionalLong devicePointer(String key);

  /**
   * Looks a value up and, where the cache has a store to read through, brings it from there on a
   * miss. Several misses of one key at a time read once.
   *
   * @param key the value's key, and that of the object
   * @return completes with the device address, or empty if there is no such object; exceptionally
   *     where reading or copying fails, as the store and {@link #cache} do, and nothing is cached
   *     then
   */
  default CompletionStage<OptionalLong> fetch(String key) {
    return CompletableFuture.completedStage(devicePointer(key));
  }

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

  /** Ends what is being copied and frees the memory, after the last pin. Later calls fail. */
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
