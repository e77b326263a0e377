package io.kvbm.core.cache;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.policy.EvictionPolicyProvider;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.storage.StorageType;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.core.Platform;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Says what a {@link GpuCache} is made of; all but memory and size has a default. For one thread.
 */
public final class GpuCacheBuilder {

  private final StorageAllocator allocator;
  private final long cacheByteSize;
  private @Nullable Platform platform;
  private @Nullable EvictionPolicyProvider policy;
  private String policyName = "lru";
  private @Nullable StorageAllocator staging;
  private @Nullable ObjectStore store;
  private @Nullable Executor executor;

  GpuCacheBuilder(StorageAllocator allocator, long cacheByteSize) {
    this.allocator = Objects.requireNonNull(allocator, "deviceAllocator");
    this.cacheByteSize = cacheByteSize;
  }

  /**
   * Sets whose transfers bring the bytes, whose policies are known by name and whose executor
   * fills. It stays the caller's and must be closed after the cache. By default the cache loads a
   * platform of its own, which sees what is on the module and the class path, and closes it.
   *
   * @param value the platform, best the one the allocator came from
   * @return this builder
   */
  public GpuCacheBuilder platform(Platform value) {
    platform = Objects.requireNonNull(value, "platform");
    return this;
  }

  /**
   * {@return this builder}
   *
   * @param name of the policy that chooses what is evicted, {@code lru} by default
   */
  public GpuCacheBuilder evictionPolicy(String name) {
    policyName = Objects.requireNonNull(name, "name");
    policy = null;
    return this;
  }

  /**
   * {@return this builder}
   *
   * @param value makes the policy that chooses what is evicted
   */
  public GpuCacheBuilder evictionPolicy(EvictionPolicyProvider value) {
    policy = Objects.requireNonNull(value, "evictionPolicy");
    return this;
  }

  /**
   * {@return this builder}
   *
   * @param value where {@link GpuCache#fetch} looks for what is not in the cache, nowhere by
   *     default; it stays the caller's and must be closed after the cache
   */
  public GpuCacheBuilder readThrough(ObjectStore value) {
    store = Objects.requireNonNull(value, "readThrough");
    return this;
  }

  /**
   * {@return this builder}
   *
   * @param value runs fills that nobody waits for, the platform's executor by default; its threads
   *     may block, and continuations of the stages run on them
   */
  public GpuCacheBuilder executor(Executor value) {
    executor = Objects.requireNonNull(value, "executor");
    return this;
  }

  /**
   * Sets where host memory comes from for bytes that have to be copied on the host first: those on
   * the heap, those in the arena of one thread, and what is read through.
   *
   * @param value gives memory that the host can reach, the platform's {@code system} by default
   * @return this builder
   */
  public GpuCacheBuilder staging(StorageAllocator value) {
    staging = Objects.requireNonNull(value, "staging");
    return this;
  }

  /**
   * {@return the cache, empty, all its memory allocated}
   *
   * @throws ConfigurationException if the size is not above 0, the policy is not known, or the
   *     memory has no addresses
   * @throws CapacityException if there is not enough memory
   * @throws CallerException with {@link ErrorCode#NO_ROUTE} if the platform can bring nothing there
   */
  public GpuCache build() {
    Platform own = platform == null ? Platform.load() : null;
    try {
      return build(platform == null ? Objects.requireNonNull(own) : platform, own);
    } catch (RuntimeException | Error e) {
      if (own != null) {
        own.close();
      }
      throw e;
    }
  }

  private GpuCache build(Platform used, @Nullable Platform own) {
    EvictionPolicyProvider chosen = policy == null ? used.evictionPolicy(policyName) : policy;
    Storage slab = allocator.allocate(AllocationRequest.of(wholeUnits()));
    try {
      checkSlab(used, slab);
      StorageAllocator host = staging;
      StagingArea area = new StagingArea(() -> host == null ? used.allocator("system") : host);
      return new GpuCache(
          slab,
          chosen,
          new Carrier(used.transfers(), slab, area),
          area,
          executor == null ? used.executor() : executor,
          store,
          own);
    } catch (RuntimeException | Error e) {
      slab.close();
      throw e;
    }
  }

  private long wholeUnits() {
    if (cacheByteSize <= 0 || cacheByteSize > Long.MAX_VALUE - SlabArena.UNIT) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "the size of a device cache must be above 0 bytes, got " + cacheByteSize);
    }
    return SlabArena.taken(cacheByteSize);
  }

  private static void checkSlab(Platform used, Storage slab) {
    if (slab.address() == 0) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          slab.type() + " storage has no addresses; a device cache needs memory");
    }
    if (!used.transfers().canTransfer(StorageType.SYSTEM, slab.type())) {
      throw new CallerException(
          ErrorCode.NO_ROUTE,
          "nothing moves bytes from system to %s storage; give the platform its allocator came from"
              .formatted(slab.type()));
    }
  }
}
