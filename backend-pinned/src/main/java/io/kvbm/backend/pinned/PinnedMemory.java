package io.kvbm.backend.pinned;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.cuda.CudaDevice;
import io.kvbm.cuda.CudaDriver;
import io.kvbm.cuda.SlabPool;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Page-locked memory. With a CUDA driver it is registered, for every GPU; without one it is locked
 * with the kernel alone, so that it is never paged out. Threading: safe from any thread.
 */
final class PinnedMemory implements SlabPool.Source {

  private static final System.Logger LOG = System.getLogger(PinnedMemory.class.getName());

  private final PinnedOptions options;
  private final SlabPool slabs;
  private final AtomicLong used = new AtomicLong();

  /** Open while anything is registered or a backend is open. */
  private @Nullable CudaDevice device;

  private int users;
  private boolean hasWarned;

  PinnedMemory(PinnedOptions options) {
    this.options = options;
    this.slabs = new SlabPool(this, options.slabByteSize());
  }

  /** One user more: a backend or a storage. Each of them {@link #leave}s. */
  synchronized void join() {
    if (users == 0) {
      device = openDevice();
    }
    users++;
  }

  private static @Nullable CudaDevice openDevice() {
    CudaDriver driver;
    try {
      driver = CudaDriver.load();
    } catch (ConfigurationException _) {
      return null; // no driver: no device reads the memory
    }
    return driver.open(0);
  }

  /** The last user gives back everything. */
  synchronized void leave() {
    if (--users == 0) {
      slabs.trim();
      if (device != null) {
        device.close();
        device = null;
      }
    }
  }

  /**
   * {@return zeroed memory; {@link #free} gives it back}
   *
   * @throws CapacityException if there is not so much, or so much cannot be locked
   */
  SlabPool.Memory allocate(long byteSize, long alignment) {
    takeFromBudget(byteSize);
    try {
      SlabPool.Memory memory = slabs.allocate(byteSize, alignment);
      segment(memory).fill((byte) 0);
      return memory;
    } catch (RuntimeException e) {
      used.addAndGet(-byteSize);
      throw e;
    }
  }

  void free(SlabPool.Memory memory) {
    slabs.free(memory);
    used.addAndGet(-memory.byteSize());
  }

  /** {@return memory in use as a segment of any thread, valid until it is freed} */
  @SuppressWarnings("restricted")
  static MemorySegment segment(SlabPool.Memory memory) {
    return MemorySegment.ofAddress(memory.address()).reinterpret(memory.byteSize());
  }

  private void takeFromBudget(long byteSize) {
    long before;
    do {
      before = used.get();
      long left = options.budget() - before;
      if (byteSize > left) {
        throw new CapacityException(
            ErrorCode.ALLOCATION_FAILED,
            "the pinned backend has %d of its budget of %d bytes left, %d asked for; raise 'budget'"
                    .formatted(left, options.budget(), byteSize)
                + " or ask for fewer",
            byteSize,
            left);
      }
    } while (!used.compareAndSet(before, before + byteSize));
  }

  @Override
  public long take(long byteSize) {
    return take(byteSize, options.fallback());
  }

  /** A slab that cannot be locked is not taken: the part of it that is needed may be. */
  @Override
  public long takeSlab(long byteSize) {
    return take(byteSize, false);
  }

  private long take(long byteSize, boolean fallback) {
    CudaDevice registrar = registrar();
    if (registrar != null && options.isWriteCombined()) {
      return registrar.allocateHost(byteSize, true);
    }
    PosixPages.Mapping mapping = PosixPages.map(byteSize);
    if (mapping.address() == 0) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "%d bytes of memory cannot be mapped: error %d".formatted(byteSize, mapping.errno()),
          byteSize,
          0);
    }
    try {
      place(mapping.address(), byteSize);
      lock(registrar, mapping.address(), byteSize, fallback);
      return mapping.address();
    } catch (RuntimeException e) {
      PosixPages.unmap(mapping.address(), byteSize);
      throw e;
    }
  }

  private synchronized @Nullable CudaDevice registrar() {
    return device;
  }

  private void place(long address, long byteSize) {
    if (options.hugePages()) {
      PosixPages.adviseHugePages(address, byteSize);
    }
    if (options.numaNode() >= 0) {
      int errno = PosixPages.prefer(address, byteSize, options.numaNode());
      if (errno != 0) {
        throw new ConfigurationException(
            ErrorCode.INVALID_CONFIG,
            "memory of NUMA node %d cannot be had (error %d); see numactl --hardware"
                .formatted(options.numaNode(), errno));
      }
    }
  }

  private void lock(@Nullable CudaDevice registrar, long address, long byteSize, boolean fallback) {
    if (registrar != null) {
      try {
        registrar.registerHost(address, byteSize);
      } catch (KvbmException e) {
        goOnWithout(byteSize, e.getMessage(), e, fallback);
      }
      return;
    }
    int errno = PosixPages.lock(address, byteSize);
    if (errno != 0) {
      goOnWithout(byteSize, whyNot(errno), null, fallback);
    }
  }

  private static String whyNot(int errno) {
    long limit = PosixPages.lockLimit();
    return switch (errno) {
      case PosixPages.ENOMEM, PosixPages.EPERM ->
          limit == -1
              ? "the machine has no more memory that can be locked"
              : "RLIMIT_MEMLOCK lets this process lock %d bytes: raise it with 'ulimit -l', or"
                      .formatted(limit)
                  + " LimitMEMLOCK= of the service";
      default -> "mlock failed with error " + errno;
    };
  }

  private void goOnWithout(
      long byteSize, String reason, @Nullable KvbmException cause, boolean fallback) {
    if (!fallback) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "%d bytes cannot be page-locked: %s; 'fallback=true' takes them unlocked"
              .formatted(byteSize, reason),
          byteSize,
          0,
          cause);
    }
    boolean first;
    synchronized (this) {
      first = !hasWarned;
      hasWarned = true;
    }
    LOG.log(
        first ? System.Logger.Level.WARNING : System.Logger.Level.DEBUG,
        "{0} bytes are not page-locked: {1}",
        byteSize,
        reason);
  }

  @Override
  public void giveBack(long address, long byteSize) {
    CudaDevice registrar = registrar();
    if (registrar != null && options.isWriteCombined()) {
      registrar.freeHost(address);
      return;
    }
    if (registrar != null) {
      try {
        registrar.unregisterHost(address);
      } catch (KvbmException e) { // taken unlocked, or the driver is ending
        LOG.log(System.Logger.Level.DEBUG, "page-locked memory was not registered", e);
      }
    }
    PosixPages.unmap(address, byteSize);
  }
}
