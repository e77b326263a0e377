package io.kvbm.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.metrics.MetricsSink;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MicrometerMetricsTest {

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final MetricsSink metrics = MicrometerMetrics.of(registry);

  @Test
  void countersAddUpPerTags() {
    metrics.counter("kvbm.transfer.bytes", "tier", "host").add(40);
    metrics.counter("kvbm.transfer.bytes", "tier", "host").increment();
    metrics.counter("kvbm.transfer.bytes", "tier", "disk").add(7);

    assertThat(registry.get("kvbm.transfer.bytes").tag("tier", "host").counter().count())
        .isEqualTo(41);
    assertThat(registry.get("kvbm.transfer.bytes").tag("tier", "disk").counter().count())
        .isEqualTo(7);
    assertThat(
            registry.get("kvbm.transfer.bytes").tag("tier", "disk").counter().getId().getBaseUnit())
        .isEqualTo("bytes");
  }

  @Test
  void aMeterIsOneAndTheSameOnEachCall() {
    assertThat(metrics.counter("kvbm.a", "k", "v")).isSameAs(metrics.counter("kvbm.a", "k", "v"));
    assertThat(metrics.counter("kvbm.a", "k", "v"))
        .isNotSameAs(metrics.counter("kvbm.a", "k", "other"));
    assertThat(metrics.histogram("kvbm.b.bytes")).isSameAs(metrics.histogram("kvbm.b.bytes"));
  }

  @Test
  void aHistogramOfNanosIsATimerWithoutTheUnitInItsName() {
    metrics.histogram("kvbm.transfer.duration.nanos", "tier", "host").record(2_000_000_000L);

    Timer timer = registry.get("kvbm.transfer.duration").tag("tier", "host").timer();
    assertThat(timer.count()).isEqualTo(1);
    assertThat(timer.totalTime(TimeUnit.SECONDS)).isEqualTo(2.0);
    assertThat(registry.find("kvbm.transfer.duration.nanos").meter()).isNull();
  }

  @Test
  void anotherHistogramIsASummary() {
    metrics.histogram("kvbm.batch.bytes").record(4096);
    metrics.histogram("kvbm.batch.bytes").record(8192);

    DistributionSummary summary = registry.get("kvbm.batch.bytes").summary();
    assertThat(summary.count()).isEqualTo(2);
    assertThat(summary.totalAmount()).isEqualTo(12_288);
    assertThat(summary.max()).isEqualTo(8192);
    assertThat(summary.getId().getBaseUnit()).isEqualTo("bytes");
  }

  @Test
  void aGaugeIsReadWhenAskedFor() {
    AtomicLong depth = new AtomicLong(3);
    metrics.gauge("kvbm.queue.depth", depth::get, "queue", "offload");
    depth.set(5);

    assertThat(registry.get("kvbm.queue.depth").tag("queue", "offload").gauge().value())
        .isEqualTo(5);
  }

  @Test
  void aTagWithoutValueIsRefused() {
    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(() -> metrics.counter("kvbm.a", "tier"))
        .withMessageContaining("kvbm.a has 1 tag strings")
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
  }

  @Test
  void whatSeveralShowUnderOneNameIsAddedUp() {
    metrics.counter("kvbm.a", () -> 3, "k", "v");
    MicrometerMetrics.of(registry).counter("kvbm.a", () -> 4, "k", "v");
    metrics.counter("kvbm.a", () -> 100, "k", "other");
    metrics.gauge("kvbm.b", () -> 0.5);
    MicrometerMetrics.of(registry).gauge("kvbm.b", () -> 2);

    assertThat(registry.get("kvbm.a").tag("k", "v").functionCounter().count()).isEqualTo(7);
    assertThat(registry.get("kvbm.b").gauge().value()).isEqualTo(2.5);
  }

  @Test
  void aClosedPartLeavesWhatItCountedAndNothingElse() {
    AtomicLong value = new AtomicLong(5);
    metrics.counter("kvbm.a", () -> 3);
    MetricsSink.Part part = metrics.part();
    part.counter("kvbm.a", value::get);
    part.gauge("kvbm.b", value::get);
    assertThat(registry.get("kvbm.a").functionCounter().count()).isEqualTo(8);
    part.close();
    value.set(1_000);
    part.close();
    part.gauge("kvbm.b", value::get);

    assertThat(registry.get("kvbm.a").functionCounter().count()).isEqualTo(8);
    assertThat(registry.get("kvbm.b").gauge().value()).isZero();
  }
}
