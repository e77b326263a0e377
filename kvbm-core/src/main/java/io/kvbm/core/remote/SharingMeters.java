package io.kvbm.core.remote;

import io.kvbm.api.KvbmException;
import io.kvbm.api.metrics.MetricsSink;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/** Counts what is shared. Threading: safe from any thread. */
final class SharingMeters {

  private final MetricsSink sink;
  private final LongAdder fetchedBlocks = new LongAdder();
  private final LongAdder fetchedBytes = new LongAdder();
  private final LongAdder lentBlocks = new LongAdder();
  private final LongAdder fetches = new LongAdder();
  private final MetricsSink.Histogram fetchNanos;
  private final Map<String, LongAdder> failures = new ConcurrentHashMap<>();

  SharingMeters(MetricsSink sink) {
    this.sink = sink;
    sink.counter("kvbm.remote.fetches", fetches::sum);
    sink.counter("kvbm.remote.fetched.blocks", fetchedBlocks::sum);
    sink.counter("kvbm.remote.fetched.bytes", fetchedBytes::sum);
    sink.counter("kvbm.remote.lent.blocks", lentBlocks::sum);
    fetchNanos = sink.histogram("kvbm.remote.fetch.nanos");
  }

  void lentNow(LongSupplier value) {
    sink.gauge("kvbm.remote.lent", value::getAsLong);
  }

  void fetched(int blocks, long byteSize, long nanos) {
    fetches.increment();
    fetchedBlocks.add(blocks);
    fetchedBytes.add(byteSize);
    fetchNanos.record(nanos);
  }

  void lent(int blocks) {
    lentBlocks.add(blocks);
  }

  void failed(String what, KvbmException cause) {
    failed(what, cause.code().name().toLowerCase(Locale.ROOT));
  }

  void failed(String what, String cause) {
    failures
        .computeIfAbsent(
            what + " " + cause,
            _ -> {
              LongAdder count = new LongAdder();
              sink.counter("kvbm.remote.failures", count::sum, "what", what, "cause", cause);
              return count;
            })
        .increment();
  }

  SharingStatistics statistics(int lentNow, long dropped) {
    Map<String, Long> counts = new TreeMap<>();
    failures.forEach((cause, count) -> counts.put(cause, count.sum()));
    return new SharingStatistics(
        fetches.sum(),
        fetchedBlocks.sum(),
        fetchedBytes.sum(),
        lentBlocks.sum(),
        lentNow,
        dropped,
        counts);
  }
}
