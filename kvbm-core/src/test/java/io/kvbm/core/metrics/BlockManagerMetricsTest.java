package io.kvbm.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.Clock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class BlockManagerMetricsTest {

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final SetClock clock = new SetClock();
  private final AtomicLong available = new AtomicLong(8);

  @Test
  void countersCountBlocksOfTheirPool() {
    BlockManagerMetrics host = metrics(MicrometerMetrics.of(registry), "host");
    BlockManagerMetrics device = metrics(MicrometerMetrics.of(registry), "device");
    host.countAllocated(5);
    host.countRegistered(4);
    host.countMatched(3);
    host.countEvicted(2);
    device.countEvicted(9);

    assertThat(count("kvbm.allocation.blocks", "host")).isEqualTo(5);
    assertThat(count("kvbm.registration.blocks", "host")).isEqualTo(4);
    assertThat(count("kvbm.match.blocks", "host")).isEqualTo(3);
    assertThat(count("kvbm.eviction.blocks", "host")).isEqualTo(2);
    assertThat(count("kvbm.eviction.blocks", "device")).isEqualTo(9);
  }

  @Test
  void gaugesShowThePoolAsItIs() {
    metrics(MicrometerMetrics.of(registry), "host");
    available.set(6);

    assertThat(registry.get("kvbm.pool.total.blocks").tag("pool", "host").gauge().value())
        .isEqualTo(16);
    assertThat(registry.get("kvbm.pool.available.blocks").tag("pool", "host").gauge().value())
        .isEqualTo(6);
  }

  @Test
  void durationsAreMeasuredOnTheClock() {
    PoolMetrics pool = metrics(MicrometerMetrics.of(registry), "host").pool();
    long start = pool.start();
    clock.nanos += 1_000;
    pool.recordAllocation(start);
    clock.nanos += 1_000;
    pool.recordRegistration(start);
    clock.nanos += 1_000;
    pool.recordMatch(start);

    assertThat(nanos("kvbm.pool.allocation.duration")).isEqualTo(1_000);
    assertThat(nanos("kvbm.pool.registration.duration")).isEqualTo(2_000);
    assertThat(nanos("kvbm.pool.match.duration")).isEqualTo(3_000);
  }

  @Test
  void withoutASinkTheClockIsNotRead() {
    BlockManagerMetrics metrics = metrics(MetricsSink.NULL, "host");
    metrics.pool().recordMatch(metrics.pool().start());
    metrics.countMatched(1);

    assertThat(clock.reads).isZero();
  }

  private BlockManagerMetrics metrics(MetricsSink sink, String pool) {
    return new BlockManagerMetrics(
        sink, pool, new PoolMetrics(sink, clock, pool, () -> 16, available::get));
  }

  private double count(String name, String pool) {
    return registry.get(name).tag("pool", pool).counter().count();
  }

  private double nanos(String name) {
    return registry.get(name).tag("pool", "host").timer().totalTime(TimeUnit.NANOSECONDS);
  }

  private static final class SetClock implements Clock {
    private long nanos = -500;
    private int reads;

    @Override
    public long nanoTime() {
      reads++;
      return nanos;
    }

    @Override
    public Instant instant() {
      return Instant.EPOCH;
    }
  }
}
