package io.kvbm.backend.disk.object;

import io.kvbm.api.metrics.MetricsSink;
import java.util.concurrent.atomic.LongAdder;

/** What a store counts since it was opened, for its statistics and for metrics. */
final class StoreCounters {

  final Count puts;
  final Count gets;
  final Count deletes;
  final Count putBytes;
  final Count gotBytes;
  final Count writtenBytes;
  final Count groups;
  final Count commits;
  final Count syncs;
  final Count cacheHits;
  final Count cacheMisses;
  final Count checkpoints;
  final Count ignoredCheckpoints;
  final Count compactionFailures;
  final Count compactedSegments;
  final Count movedBytes;
  final Count prefetchUsedBytes;
  final Count prefetchWastedBytes;
  final Count corruptions;
  private final MetricsSink.Histogram groupCommits;

  /** Counts from zero for the statistics; a sink may have counted for other stores before. */
  StoreCounters(MetricsSink sink) {
    this.puts = new Count(sink.counter("kvbm.disk.objects.puts"));
    this.gets = new Count(sink.counter("kvbm.disk.objects.gets"));
    this.deletes = new Count(sink.counter("kvbm.disk.objects.deletes"));
    this.putBytes = new Count(sink.counter("kvbm.disk.objects.put.bytes"));
    this.gotBytes = new Count(sink.counter("kvbm.disk.objects.read.bytes"));
    this.writtenBytes = new Count(sink.counter("kvbm.disk.objects.written.bytes"));
    this.groups = new Count(sink.counter("kvbm.disk.objects.groups"));
    this.commits = new Count(sink.counter("kvbm.disk.objects.commits"));
    this.syncs = new Count(sink.counter("kvbm.disk.objects.syncs"));
    this.cacheHits = new Count(sink.counter("kvbm.disk.objects.cache.hits"));
    this.cacheMisses = new Count(sink.counter("kvbm.disk.objects.cache.misses"));
    this.checkpoints = new Count(sink.counter("kvbm.disk.objects.checkpoints"));
    this.ignoredCheckpoints = new Count(sink.counter("kvbm.disk.objects.checkpoints.ignored"));
    this.compactionFailures = new Count(sink.counter("kvbm.disk.objects.compaction.failures"));
    this.compactedSegments = new Count(sink.counter("kvbm.disk.objects.compactions"));
    this.movedBytes = new Count(sink.counter("kvbm.disk.objects.moved.bytes"));
    this.prefetchUsedBytes = new Count(sink.counter("kvbm.disk.objects.prefetch.used.bytes"));
    this.prefetchWastedBytes = new Count(sink.counter("kvbm.disk.objects.prefetch.wasted.bytes"));
    this.corruptions = new Count(sink.counter("kvbm.disk.objects.corruptions"));
    this.groupCommits = sink.histogram("kvbm.disk.objects.group.commits");
  }

  /** A number that only rises, here and in the sink. Threading: safe from any thread. */
  static final class Count {
    private final LongAdder own = new LongAdder();
    private final MetricsSink.Counter shown;

    private Count(MetricsSink.Counter shown) {
      this.shown = shown;
    }

    void increment() {
      add(1);
    }

    void add(long amount) {
      own.add(amount);
      shown.add(amount);
    }

    long sum() {
      return own.sum();
    }
  }

  /** Counts a record. */
  void group(int commitCount, long byteSize) {
    groups.increment();
    commits.add(commitCount);
    groupCommits.record(commitCount);
    writtenBytes.add(byteSize);
  }

  StoreSnapshot snapshot(
      long keys,
      long valueByteSize,
      long liveByteSize,
      long logByteSize,
      long segments,
      long cacheByteSize) {
    return new StoreSnapshot(
        keys,
        valueByteSize,
        liveByteSize,
        logByteSize,
        segments,
        puts.sum(),
        gets.sum(),
        deletes.sum(),
        putBytes.sum(),
        gotBytes.sum(),
        writtenBytes.sum(),
        groups.sum(),
        commits.sum(),
        syncs.sum(),
        cacheHits.sum(),
        cacheMisses.sum(),
        cacheByteSize,
        compactedSegments.sum(),
        compactionFailures.sum(),
        movedBytes.sum(),
        checkpoints.sum(),
        ignoredCheckpoints.sum(),
        prefetchUsedBytes.sum(),
        prefetchWastedBytes.sum());
  }
}
