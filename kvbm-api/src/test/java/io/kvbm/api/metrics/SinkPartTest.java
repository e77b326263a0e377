package io.kvbm.api.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;

class SinkPartTest {

  private final Map<String, DoubleSupplier> shown = new HashMap<>();
  private final AtomicLong pushed = new AtomicLong();

  private final MetricsSink sink =
      new MetricsSink() {
        @Override
        public Counter counter(String name, String... tags) {
          return pushed::addAndGet;
        }

        @Override
        public Histogram histogram(String name, String... tags) {
          return pushed::addAndGet;
        }

        @Override
        public void gauge(String name, DoubleSupplier value, String... tags) {
          shown.put(name, value);
        }
      };

  @Test
  void numbersAreReadUntilThePartIsClosedAndCountersStay() {
    AtomicLong value = new AtomicLong(5);
    MetricsSink.Part part = sink.part();
    part.counter("total", value::get);
    part.gauge("level", value::get);
    value.set(6);
    assertThat(shown.get("total").getAsDouble()).isEqualTo(6);
    assertThat(shown.get("level").getAsDouble()).isEqualTo(6);
    part.close();
    value.set(7);
    part.close();

    assertThat(shown.get("total").getAsDouble()).isEqualTo(6);
    assertThat(shown.get("level").getAsDouble()).isZero();
  }

  @Test
  void aClosedPartShowsNothingNewAndStillCounts() {
    MetricsSink.Part part = sink.part();
    part.close();
    part.gauge("level", () -> 1);
    part.counter("total", () -> 1);
    part.counter("pushed").increment();
    part.histogram("pushed").record(2);

    assertThat(shown).isEmpty();
    assertThat(pushed).hasValue(3);
  }

  @Test
  void whatIsDroppedHasNoParts() {
    MetricsSink.Part part = MetricsSink.NULL.part();
    part.close();

    assertThat(part).isSameAs(MetricsSink.NULL);
  }
}
