package io.kvbm.bench.disk;

import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.backend.disk.io.IoCallback;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.backend.disk.io.IoRequest;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Runs a job on an engine for a while: each slot starts its next operation when one ends. */
final class EngineRun {

  private final IoEngine engine;
  private final DiskFile file;
  private final long byteSize;
  private final DiskJob job;
  private final AtomicLong nextBlock = new AtomicLong();
  private final AtomicInteger running;
  private final CountDownLatch over = new CountDownLatch(1);
  private final Slot[] slots;
  private volatile long end;
  private volatile @Nullable KvbmException failure;

  /**
   * @param memory a block for each slot, aligned
   */
  EngineRun(IoEngine engine, DiskFile file, long byteSize, DiskJob job, MemorySegment memory) {
    this.engine = engine;
    this.file = file;
    this.byteSize = byteSize;
    this.job = job;
    this.running = new AtomicInteger(job.depth());
    this.slots = new Slot[job.depth()];
    for (int i = 0; i < slots.length; i++) {
      slots[i] = new Slot(memory.asSlice((long) i * job.blockByteSize(), job.blockByteSize()));
    }
  }

  /**
   * Runs.
   *
   * @param seconds for how long new operations are started
   * @param counter what the device moved
   */
  DiskSample measure(double seconds, DeviceCounter counter) {
    DeviceTraffic before = counter.read();
    long cpuBefore = cpuNanos();
    long start = System.nanoTime();
    end = start + Math.round(seconds * TimeUnit.SECONDS.toNanos(1));
    for (Slot slot : slots) {
      slot.start();
    }
    awaitEnd();
    long nanos = System.nanoTime() - start;
    long cpu = cpuNanos() - cpuBefore;
    DeviceTraffic traffic = counter.read().since(before);
    KvbmException cause = failure;
    if (cause != null) {
      throw cause;
    }
    return sample(nanos, cpu, traffic);
  }

  private DiskSample sample(long nanos, long cpuNanos, DeviceTraffic traffic) {
    LatencyHistogram latencies = new LatencyHistogram();
    long reads = 0;
    long writes = 0;
    for (Slot slot : slots) {
      latencies.add(slot.latencies);
      reads += slot.reads;
      writes += slot.writes;
    }
    double nanosPerSecond = TimeUnit.SECONDS.toNanos(1);
    return new DiskSample(
        reads + writes,
        reads * job.blockByteSize(),
        writes * job.blockByteSize(),
        nanos / nanosPerSecond,
        latencies.micros(0.5),
        latencies.micros(0.99),
        cpuNanos / nanosPerSecond,
        traffic);
  }

  private void awaitEnd() {
    boolean interrupted = false;
    while (true) {
      try {
        over.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Processor time of the whole process, compiler and collector included. */
  private static long cpuNanos() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getProcessCpuTime()
        : 0;
  }

  /** One of the operations in flight. */
  private final class Slot implements IoCallback {

    private final MemorySegment memory;
    private final SplittableRandom random = new SplittableRandom();
    private final LatencyHistogram latencies = new LatencyHistogram();
    private boolean reading;
    private long started;
    private long reads;
    private long writes;

    Slot(MemorySegment memory) {
      this.memory = memory;
    }

    void start() {
      long blocks = byteSize / job.blockByteSize();
      long block = job.isRandom() ? random.nextLong(blocks) : nextBlock.getAndIncrement() % blocks;
      reading = !job.isMixed() ? job.readPercent() > 0 : random.nextInt(100) < job.readPercent();
      long position = block * job.blockByteSize();
      IoRequest request =
          reading
              ? IoRequest.read(file, position, memory, this)
              : IoRequest.write(file, position, memory, this);
      started = System.nanoTime();
      engine.submit(List.of(request));
    }

    @Override
    public void completed(IoRequest request, @Nullable KvbmException cause) {
      if (cause != null) {
        failure = cause;
        return;
      }
      if (reading) {
        reads++;
      } else {
        writes++;
      }
      if (reading || !job.isMixed()) {
        latencies.record(System.nanoTime() - started);
      }
    }

    @Override
    public void released(IoRequest request) {
      if (failure == null && System.nanoTime() - end < 0) {
        start();
      } else if (running.decrementAndGet() == 0) {
        over.countDown();
      }
    }
  }
}
