package io.kvbm.bench.store;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/** One measurement, on the threads of this process. */
final class StoreRun {

  /** What part of the values a process warms up with before cold gets. */
  private static final int WARM_UP_PART = 4;

  private final RunRequest request;
  private final Values values;
  private final BenchedStore store;

  private final ExecutorService threads;

  private StoreRun(RunRequest request, BenchedStore store, ExecutorService threads) {
    this.request = request;
    this.threads = threads;
    this.values = new Values(request.byteSize());
    this.store = store;
  }

  static RunResult of(RunRequest request) throws InterruptedException, ExecutionException {
    try (BenchedStore store = request.contestant().open(request.setup(), request.directory());
        ExecutorService threads =
            Executors.newFixedThreadPool(
                request.threads(), Thread.ofPlatform().daemon().factory())) {
      StoreRun run = new StoreRun(request, store, threads);
      return switch (request.operation()) {
        case PUT -> {
          run.allThreads(run.putting(0, request.count() / 2));
          yield run.measure(run.putting(request.count() / 2, request.count()));
        }
        case LOAD -> run.load();
        case GET_COLD -> run.measureCold();
        case GET_HOT -> {
          run.allThreads(run.gettingOnce(0, (int) request.count()));
          yield run.measure(run.gettingAgain());
        }
      };
    }
  }

  /** Warms the process up with a part of the values, and measures with the others. */
  private RunResult measureCold() throws InterruptedException, ExecutionException {
    int warmUp = (int) request.count() / WARM_UP_PART;
    long start = System.nanoTime();
    do {
      allThreads(gettingOnce(0, warmUp));
    } while (warmUp > 0 && System.nanoTime() - start < request.nanos());
    return measure(gettingOnce(warmUp, (int) request.count()));
  }

  private RunResult load() throws InterruptedException, ExecutionException {
    RunResult result = measure(putting(0, request.count()));
    store.settle();
    return result;
  }

  /** Takes the time, and the device's and the processor's counts, around the work. */
  private RunResult measure(Callable<Long> work) throws InterruptedException, ExecutionException {
    long flushes = DeviceFlushes.of(request.directory());
    long cpu = cpuNanos();
    long start = System.nanoTime();
    long operations = allThreads(work);
    long nanos = System.nanoTime() - start;
    long cpuNanos = cpuNanos() - cpu;
    long flushesAfter = DeviceFlushes.of(request.directory());
    return new RunResult(
        operations,
        operations * request.byteSize(),
        nanos,
        cpuNanos,
        flushes < 0 ? -1 : flushesAfter - flushes);
  }

  private static long cpuNanos() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getProcessCpuTime()
        : 0;
  }

  private long allThreads(Callable<Long> work) throws InterruptedException, ExecutionException {
    List<Future<Long>> counts = new ArrayList<>();
    for (int i = 0; i < request.threads(); i++) {
      counts.add(threads.submit(work));
    }
    long operations = 0;
    for (Future<Long> count : counts) {
      operations += count.get();
    }
    return operations;
  }

  private Callable<Long> putting(long first, long end) {
    AtomicLong next = new AtomicLong(first);
    long start = System.nanoTime();
    return () -> {
      long done = 0;
      do {
        long index = next.getAndIncrement();
        if (index >= end) {
          break;
        }
        store.put(index, values.of(index));
        done++;
      } while (System.nanoTime() - start < request.nanos());
      return done;
    };
  }

  private Callable<Long> gettingOnce(int first, int end) {
    long[] shuffled = shuffled((int) request.count());
    AtomicLong next = new AtomicLong(first);
    long start = System.nanoTime();
    return () -> {
      ByteBuffer target = target();
      long done = 0;
      do {
        int place = (int) Math.min(Integer.MAX_VALUE, next.getAndIncrement());
        if (place >= end) {
          break;
        }
        get(shuffled[place], target);
        done++;
      } while (System.nanoTime() - start < request.nanos());
      return done;
    };
  }

  private Callable<Long> gettingAgain() {
    AtomicLong seeds = new AtomicLong();
    long start = System.nanoTime();
    return () -> {
      SplittableRandom random = new SplittableRandom(seeds.incrementAndGet());
      ByteBuffer target = target();
      long done = 0;
      do {
        get(random.nextLong(request.count()), target);
        done++;
      } while (System.nanoTime() - start < request.nanos());
      return done;
    };
  }

  private ByteBuffer target() {
    return ByteBuffer.allocateDirect(request.byteSize() + 4096).alignedSlice(4096);
  }

  private void get(long index, ByteBuffer target) {
    int length = store.get(index, target);
    if (!values.isValue(index, target, length)) {
      throw new CorruptionException(
          ErrorCode.CORRUPT,
          "%s gave other bytes than were put as number %d (length %d)"
              .formatted(request.contestant().label(), index, length));
    }
  }

  private static long[] shuffled(int count) {
    SplittableRandom random = new SplittableRandom(count);
    long[] order = new long[count];
    for (int i = 0; i < count; i++) {
      int other = random.nextInt(i + 1);
      order[i] = order[other];
      order[other] = i;
    }
    return order;
  }
}
