package io.kvbm.backend.disk.slab;

import io.kvbm.api.metrics.MetricsSink;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.DoubleSupplier;

/** Counts for statistics and metrics. Threading: safe from any thread. */
final class SlabMeters {

  private final MetricsSink sink;
  private final LongAdder hits = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final LongAdder writes = new LongAdder();
  private final LongAdder bytesWritten = new LongAdder();
  private final LongAdder rejected = new LongAdder();
  private final LongAdder quarantined = new LongAdder();
  private final MetricsSink.Counter hitCounter;
  private final MetricsSink.Counter readBytes;
  private final MetricsSink.Counter writeCounter;
  private final MetricsSink.Counter writtenBytes;
  private final MetricsSink.Counter writeFailures;
  private final MetricsSink.Counter quarantines;
  private final MetricsSink.Histogram recoveryNanos;
  private final Map<String, MetricsSink.Counter> missCounters = new ConcurrentHashMap<>();
  private final Map<String, MetricsSink.Counter> rejections = new ConcurrentHashMap<>();

  SlabMeters(MetricsSink sink) {
    this.sink = sink;
    this.hitCounter = sink.counter("kvbm.disk.blocks.hits");
    this.readBytes = sink.counter("kvbm.disk.blocks.read.bytes");
    this.writeCounter = sink.counter("kvbm.disk.blocks.writes");
    this.writtenBytes = sink.counter("kvbm.disk.blocks.written.bytes");
    this.writeFailures = sink.counter("kvbm.disk.blocks.write.failures");
    this.quarantines = sink.counter("kvbm.disk.blocks.quarantines");
    this.recoveryNanos = sink.histogram("kvbm.disk.blocks.recovery.nanos");
  }

  void hit(long byteSize) {
    hits.increment();
    hitCounter.increment();
    readBytes.add(byteSize);
  }

  void missed(String cause) {
    misses.increment();
    missCounters
        .computeIfAbsent(cause, text -> sink.counter("kvbm.disk.blocks.misses", "cause", text))
        .increment();
  }

  void written(long byteSize, boolean wasQuarantined) {
    writes.increment();
    bytesWritten.add(byteSize);
    writeCounter.increment();
    writtenBytes.add(byteSize);
    released(wasQuarantined);
  }

  void writeFailed(boolean wasQuarantined) {
    writeFailures.increment();
    released(wasQuarantined);
  }

  private void released(boolean wasQuarantined) {
    if (wasQuarantined) {
      quarantined.decrement();
    }
  }

  void rejected(String cause) {
    rejected.increment();
    rejections
        .computeIfAbsent(cause, text -> sink.counter("kvbm.disk.blocks.rejected", "cause", text))
        .increment();
  }

  void quarantined() {
    quarantined.increment();
    quarantines.increment();
  }

  void recovered(long nanos) {
    recoveryNanos.record(nanos);
  }

  void showBudget(DoubleSupplier left) {
    sink.gauge("kvbm.disk.blocks.budget.bytes", left);
  }

  SlabStatistics statistics(long blocks, long byteSize) {
    return new SlabStatistics(
        blocks,
        byteSize,
        hits.sum(),
        misses.sum(),
        writes.sum(),
        bytesWritten.sum(),
        rejected.sum(),
        quarantined.sum());
  }
}
