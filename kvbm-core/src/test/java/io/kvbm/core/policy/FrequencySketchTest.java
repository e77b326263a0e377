package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class FrequencySketchTest {

  @Test
  void case52_countsAKeySeenOnceAsOne() {
    FrequencySketch sketch = new FrequencySketch(1024);
    sketch.increment(42);

    assertThat(sketch.frequency(42)).isEqualTo(1);
  }

  @Test
  void case52_countsAKeySeenThreeTimesAsThreeAndAnotherAsNone() {
    FrequencySketch sketch = new FrequencySketch(1024);
    increment(sketch, 42, 3);

    assertThat(sketch.frequency(42)).isEqualTo(3);
    assertThat(sketch.frequency(43)).isZero();
  }

  @Test
  void case52_stopsAtFifteen() {
    FrequencySketch sketch = new FrequencySketch(1024);
    increment(sketch, 42, 20);

    assertThat(sketch.frequency(42)).isEqualTo(15);
    assertThat(sketch.nonZeroCounterCount()).as("no carry into other counters").isBetween(1L, 4L);
  }

  @Test
  void case52_reachesNearlyAllCounters() {
    FrequencySketch sketch = new FrequencySketch(1 << 14);
    for (long key = 0; key < 100_000; key++) {
      sketch.increment(key);
    }

    assertThat(sketch.nonZeroCounterCount()).isGreaterThan(sketch.counterCount() * 9 / 10);
  }

  @Test
  void case52_ageingHalves() {
    FrequencySketch sketch = new FrequencySketch(1024);
    increment(sketch, 1, 15);
    increment(sketch, 2, 1);
    sketch.age();

    assertThat(sketch.frequency(1)).isEqualTo(7);
    assertThat(sketch.frequency(2)).isZero();
  }

  @Test
  void case52_agesByItselfAfterTenIncrementsPerKey() {
    FrequencySketch sketch = new FrequencySketch(2);
    increment(sketch, 7, 19);
    assertThat(sketch.frequency(7)).isEqualTo(15);

    sketch.increment(7);
    assertThat(sketch.frequency(7)).isEqualTo(7);
  }

  @Test
  void rarelyOverestimatesWhenFull() {
    int keys = 10_000;
    FrequencySketch sketch = new FrequencySketch(keys);
    for (long key = 0; key < keys; key++) {
      sketch.increment(key);
    }

    int tooHigh = 0;
    for (long key = 0; key < keys; key++) {
      assertThat(sketch.frequency(key)).isPositive();
      tooHigh += sketch.frequency(key) > 1 ? 1 : 0;
    }
    assertThat(tooHigh).isLessThan(keys / 20);
  }

  @Test
  void losesNoIncrementOfConcurrentThreads() throws Exception {
    FrequencySketch sketch = new FrequencySketch(1 << 16);
    int threads = 4;
    int keys = 500;
    CountDownLatch start = new CountDownLatch(1);
    List<Future<?>> futures = new ArrayList<>();
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      for (int thread = 0; thread < threads; thread++) {
        futures.add(
            executor.submit(
                () -> {
                  start.await();
                  for (long key = 0; key < keys; key++) {
                    increment(sketch, key, 2);
                  }
                  return null;
                }));
      }
      start.countDown();
      for (Future<?> future : futures) {
        future.get();
      }
    }

    for (long key = 0; key < keys; key++) {
      assertThat(sketch.frequency(key)).as("key %d", key).isGreaterThanOrEqualTo(2 * threads);
    }
  }

  @Test
  void aSizeOutOfRangeIsRefused() {
    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(() -> new FrequencySketch(0))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
  }

  private static void increment(FrequencySketch sketch, long key, int times) {
    for (int i = 0; i < times; i++) {
      sketch.increment(key);
    }
  }
}
