package io.kvbm.testkit;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.codec.Codec;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.spi.MemoryBudget;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A context to open a backend with: its own platform threads, everything else replaceable. Whoever
 * makes it closes it, after the backends opened with it.
 */
public final class TestContext implements BackendContext, AutoCloseable {

  private static final int COMPUTE_THREADS = 2;

  private final ManualClock clock = new ManualClock();
  private final ExecutorService ioThreads =
      Executors.newCachedThreadPool(namedThreads("kvbm-test-io-"));
  private final ExecutorService computeThreads =
      Executors.newFixedThreadPool(COMPUTE_THREADS, namedThreads("kvbm-test-compute-"));
  private final Optional<Disk> disk;
  private final MemoryBudget memoryBudget;
  private final AtomicLong reserved = new AtomicLong();
  private volatile boolean memoryRefused;

  /** Creates a context without a disk and without a limit on memory. */
  public TestContext() {
    this(Optional.empty(), MemoryBudget.UNLIMITED);
  }

  /**
   * Creates a context.
   *
   * @param disk the disk a backend must use, or empty; stays the caller's
   * @param memoryBudget what a backend may take for itself
   */
  public TestContext(Optional<Disk> disk, MemoryBudget memoryBudget) {
    this.disk = disk;
    this.memoryBudget = memoryBudget;
  }

  @Override
  public Clock clock() {
    return clock;
  }

  /** {@return the same clock, to be moved} */
  public ManualClock manualClock() {
    return clock;
  }

  @Override
  public Executor ioExecutor() {
    return ioThreads;
  }

  @Override
  public Executor computeExecutor() {
    return computeThreads;
  }

  @Override
  public int computeParallelism() {
    return COMPUTE_THREADS;
  }

  @Override
  public MetricsSink metrics() {
    return MetricsSink.NULL;
  }

  @Override
  public List<Codec> codecs() {
    return List.of();
  }

  @Override
  public Optional<Disk> disk() {
    return disk;
  }

  @Override
  public MemoryBudget memoryBudget() {
    return this::reserve;
  }

  /**
   * Refuses every further reservation, or no longer.
   *
   * @param refused whether to refuse
   */
  public void refuseMemory(boolean refused) {
    memoryRefused = refused;
  }

  /** {@return bytes of the budget that were reserved and not given back} */
  public long reservedByteSize() {
    return reserved.get();
  }

  private MemoryBudget.Reservation reserve(long byteSize) {
    if (memoryRefused) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          byteSize + " bytes requested, the test lends none; free some or ask for less",
          byteSize,
          0);
    }
    MemoryBudget.Reservation reservation = memoryBudget.reserve(byteSize);
    AtomicBoolean given = new AtomicBoolean();
    reserved.addAndGet(byteSize);
    return () -> {
      if (given.compareAndSet(false, true)) {
        reserved.addAndGet(-byteSize);
        reservation.close();
      }
    };
  }

  @Override
  public System.Logger logger() {
    return System.getLogger("io.kvbm.testkit");
  }

  /** Lets what was submitted end, then ends the threads. */
  @Override
  public void close() {
    ioThreads.close();
    computeThreads.close();
  }

  private static ThreadFactory namedThreads(String prefix) {
    AtomicInteger next = new AtomicInteger(1);
    return work -> {
      Thread thread = new Thread(work, prefix + next.getAndIncrement());
      thread.setDaemon(true); // a hung backend must fail its test, not keep the JVM from ending
      return thread;
    };
  }
}
