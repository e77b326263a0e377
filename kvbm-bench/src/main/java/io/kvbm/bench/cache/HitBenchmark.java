package io.kvbm.bench.cache;

import io.kvbm.api.cache.DeviceCache;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;

/** Look-ups of one key after the other. An operation is one look-up. */
@BenchmarkMode(Mode.AverageTime)
public class HitBenchmark {

  /** A hit, by the api. */
  @Benchmark
  public OptionalLong hit(FilledCache filled, Keys keys) {
    return filled.cache.devicePointer(keys.next());
  }

  /** A hit that gives a primitive. */
  @Benchmark
  public long hitAsLong(FilledCache filled, Keys keys) {
    return filled.cache.devicePointerOrZero(keys.next());
  }

  /** A hit that holds the value and lets it go. */
  @Benchmark
  public long pinAndClose(FilledCache filled, Keys keys) {
    try (DeviceCache.Pin pin = filled.cache.pin(keys.next()).orElseThrow()) {
      return pin.devicePointer();
    }
  }

  /** A miss. */
  @Benchmark
  public long miss(FilledCache filled, Keys keys) {
    return filled.cache.devicePointerOrZero(keys.nextAbsent());
  }

  /** The peer of a hit. */
  @Benchmark
  public @Nullable Long mapGet(FilledCache filled, Keys keys) {
    return filled.map.get(keys.next());
  }

  /** The peer of a miss. */
  @Benchmark
  public @Nullable Long mapMiss(FilledCache filled, Keys keys) {
    return filled.map.get(keys.nextAbsent());
  }
}
