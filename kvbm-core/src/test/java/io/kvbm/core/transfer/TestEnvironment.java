package io.kvbm.core.transfer;

import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.Transport;
import io.kvbm.core.time.Deadlines;
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.ManualClock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.DoubleSupplier;

/** An environment with chosen transports, time that stands still and counters to look at. */
final class TestEnvironment implements TransferEnvironment, MetricsSink, AutoCloseable {

  static final String CALLBACK_THREAD = "test-callback";

  private final List<Transport> transports;
  private final ManualClock clock = new ManualClock();
  private final Deadlines deadlines = Deadlines.manual(0);
  private final ExecutorService executor =
      Executors.newSingleThreadExecutor(
          task -> Thread.ofPlatform().daemon().name(CALLBACK_THREAD).unstarted(task));
  private final Map<String, LongAdder> counters = new ConcurrentHashMap<>();
  private final Map<String, DoubleSupplier> gauges = new ConcurrentHashMap<>();
  private final AtomicInteger buffers = new AtomicInteger();
  private volatile boolean metersBroken;
  private Optional<StorageAllocator> hostMemory = Optional.of(new HostAllocator());

  TestEnvironment(Transport... transports) {
    this.transports = List.of(transports);
  }

  TestEnvironment withHostMemory(StorageAllocator allocator) {
    hostMemory = Optional.of(allocator);
    return this;
  }

  TestEnvironment withoutHostMemory() {
    hostMemory = Optional.empty();
    return this;
  }

  /** Makes every meter throw from now on. */
  void breakMeters() {
    metersBroken = true;
  }

  private void requireMeters() {
    if (metersBroken) {
      throw new IllegalStateException("meter registry gone");
    }
  }

  TransferEngine engine() {
    return new TransferEngine(this, TransferLimits.DEFAULT);
  }

  TransferEngine engine(TransferLimits limits) {
    return new TransferEngine(this, limits);
  }

  void advance(Duration time) {
    clock.advance(time);
    deadlines.advanceTo(clock.nanoTime());
  }

  long counted(String name, String route) {
    return counters.getOrDefault(name + route, new LongAdder()).sum();
  }

  double gauge(String name, String route) {
    return gauges.get(name + route).getAsDouble();
  }

  int buffersAllocated() {
    return buffers.get();
  }

  @Override
  public List<Transport> transports() {
    return transports;
  }

  @Override
  public List<Transport> transportsFor(Route route) {
    return transports;
  }

  @Override
  public Optional<StorageAllocator> hostAllocator(String kind) {
    return hostMemory.filter(allocator -> allocator.storageKind().equals(kind));
  }

  @Override
  public Clock clock() {
    return clock;
  }

  @Override
  public Executor executor() {
    return executor;
  }

  @Override
  public MetricsSink metrics() {
    return this;
  }

  @Override
  public Deadlines deadlines() {
    return deadlines;
  }

  @Override
  public Counter counter(String name, String... tags) {
    LongAdder sum = counters.computeIfAbsent(name + route(tags), _ -> new LongAdder());
    return amount -> {
      requireMeters();
      sum.add(amount);
    };
  }

  @Override
  public Histogram histogram(String name, String... tags) {
    LongAdder count = counters.computeIfAbsent(name + route(tags), _ -> new LongAdder());
    return _ -> {
      requireMeters();
      count.increment();
    };
  }

  @Override
  public void gauge(String name, DoubleSupplier value, String... tags) {
    gauges.put(name + route(tags), value);
  }

  private static String route(String... tags) {
    return tags[Arrays.asList(tags).indexOf("route") + 1];
  }

  @Override
  public void close() {
    deadlines.close();
    executor.close();
  }

  private final class HostAllocator implements StorageAllocator {
    @Override
    public String storageKind() {
      return "system";
    }

    @Override
    public Storage allocate(AllocationRequest request) {
      buffers.incrementAndGet();
      return new HostStorage(request.byteSize());
    }
  }
}
