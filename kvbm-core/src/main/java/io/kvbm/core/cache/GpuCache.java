package io.kvbm.core.cache;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.cache.DeviceCache;
import io.kvbm.api.policy.EvictionPolicyProvider;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.core.Platform;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Hot values in the memory of a GPU, or in any other memory that has addresses.
 *
 * <p>All memory is one slab, allocated at once and carved into runs of 256 bytes: a value takes the
 * smallest free run that holds it, and free neighbours are one run. Where enough is free but no run
 * is long enough, values are evicted in the policy's order until one is, which may be more bytes
 * than the new value has; where pinned values would leave no such run, nothing is evicted.
 *
 * <p>Calls for one key take effect in the order in which they were begun: what a slow {@link
 * #cacheAsync} or {@link #fetch} brings is dropped where a later {@link #cache} or {@link #remove}
 * came first. A write whose transfer fails leaves no value under its key, not even an older one.
 *
 * <p>Threading: safe from any thread. A hit reads one table, takes no lock and allocates nothing;
 * {@link #pin} allocates the pin. The policy learns of hits with the next write.
 */
public final class GpuCache implements DeviceCache {

  private final ConcurrentHashMap<String, CachedValue> table = new ConcurrentHashMap<>();
  private final HitLog log = new HitLog();
  private final LongAdder misses = new LongAdder();
  private final long capacity;
  private final Fills fills;
  private final StagingArea staging;
  private final Executor executor;
  private final @Nullable Loads loads;
  private final @Nullable Platform own;

  GpuCache(
      Storage slab,
      EvictionPolicyProvider policy,
      Carrier carrier,
      StagingArea staging,
      Executor executor,
      @Nullable ObjectStore store,
      @Nullable Platform own) {
    this.capacity = slab.byteSize();
    Residents residents = new Residents(table, log, capacity, slab.address(), policy);
    this.fills = new Fills(residents, carrier, slab);
    this.staging = staging;
    this.executor = executor;
    this.loads = store == null ? null : new Loads(fills, store, executor);
    this.own = own;
  }

  /**
   * Creates a cache that evicts what was not used for longest and brings bytes by what the module
   * and the class path provide; {@link #builder} says it otherwise.
   *
   * @param deviceAllocator gives the memory; the cache owns what it gets of it
   * @param cacheSize bytes of all values together, above 0; rounded up to 256
   * @return the cache; the caller closes it
   * @throws ConfigurationException if the size is not above 0 or the memory has no addresses
   * @throws CapacityException if there is not enough memory
   */
  public static GpuCache create(StorageAllocator deviceAllocator, long cacheSize) {
    return builder(deviceAllocator, cacheSize).build();
  }

  /**
   * {@return a builder}
   *
   * @param deviceAllocator gives the memory; the cache owns what it gets of it
   * @param cacheSize bytes of all values together, above 0; rounded up to 256
   */
  public static GpuCacheBuilder builder(StorageAllocator deviceAllocator, long cacheSize) {
    return new GpuCacheBuilder(deviceAllocator, cacheSize);
  }

  // ---- look-ups

  /**
   * {@return the device address of a value, 0 on a miss}
   *
   * <p>Without a pin the value may be evicted at any time after the call.
   *
   * @param key the value's key
   * @throws ClosedException if the cache is closed
   */
  public long devicePointerOrZero(String key) {
    CachedValue value = lookUp(key);
    return value == null ? 0 : value.address;
  }

  @Override
  public OptionalLong devicePointer(String key) {
    CachedValue value = lookUp(key);
    return value == null ? OptionalLong.empty() : value.pointer;
  }

  private @Nullable CachedValue lookUp(String key) {
    fills.requireOpen();
    CachedValue value = table.get(key);
    if (value == null) {
      misses.increment();
    } else {
      log.hit(value);
    }
    return value;
  }

  @Override
  public Optional<Pin> pin(String key) {
    fills.requireOpen();
    CachedValue value = table.get(key);
    while (value != null && !value.tryPin()) {
      CachedValue now = table.get(key);
      value = now == value ? null : now; // on its way out, or replaced
    }
    if (value == null) {
      misses.increment();
      return Optional.empty();
    }
    log.hit(value);
    return Optional.of(new ValuePin(this, value));
  }

  void unpin(CachedValue value) {
    switch (value.unpin()) {
      case STILL_PINNED -> {}
      case IDLE -> log.note(value);
      case LAST -> fills.free(value);
    }
  }

  // ---- changes

  @Override
  public void cache(String key, MemorySegment data) {
    fills.requireOpen();
    requireAlive(key, data);
    long ticket = fills.announce(key, data.byteSize());
    fills.write(key, data, ticket);
  }

  @Override
  public CompletionStage<Void> cacheAsync(String key, MemorySegment data) {
    fills.requireOpen();
    requireAlive(key, data);
    if (!Carrier.isShared(data)) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "the bytes of value '%s' are in an arena of one thread; call cache(), or use a shared arena"
              .formatted(key));
    }
    long ticket;
    try {
      ticket = fills.announce(key, data.byteSize());
    } catch (CapacityException e) {
      return CompletableFuture.failedStage(e);
    }
    CompletableFuture<Void> end = new CompletableFuture<>();
    try {
      executor.execute(() -> write(key, data, ticket, end));
    } catch (RuntimeException | Error e) {
      fills.withdraw(key);
      end.completeExceptionally(Loads.refused(key, e));
    }
    return end.minimalCompletionStage();
  }

  private void write(String key, MemorySegment data, long ticket, CompletableFuture<Void> end) {
    try {
      fills.write(key, data, ticket);
    } catch (RuntimeException | Error e) {
      end.completeExceptionally(e);
      return;
    }
    end.complete(null);
  }

  private static void requireAlive(String key, MemorySegment data) {
    if (!data.scope().isAlive()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "the arena with the bytes of value '" + key + "' is closed");
    }
  }

  @Override
  public CompletionStage<OptionalLong> fetch(String key) {
    OptionalLong pointer = devicePointer(key);
    return pointer.isPresent() || loads == null
        ? CompletableFuture.completedStage(pointer)
        : loads.load(key);
  }

  @Override
  public boolean remove(String key) {
    return fills.remove(key);
  }

  // ---- the whole

  @Override
  public long capacityByteSize() {
    return capacity;
  }

  @Override
  public Statistics statistics() {
    return new Statistics(log.count(), misses.sum(), fills.evictions(), fills.usedByteSize());
  }

  /**
   * Waits for fills that run, then frees the memory, or leaves that to the close of the last pin.
   * Fills that have not started fail with a {@link ClosedException}. Later calls do nothing.
   */
  @Override
  public void close() {
    if (!fills.close()) {
      return;
    }
    staging.close();
    if (own != null) {
      own.close();
    }
  }

  @Override
  public String toString() {
    return "device cache of " + capacity + " bytes";
  }
}
