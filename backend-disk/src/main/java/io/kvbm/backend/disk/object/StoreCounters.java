package io.kvbm.backend.disk.object;

import java.util.concurrent.atomic.LongAdder;

/** What a store counts since it was opened. */
final class StoreCounters {

  final LongAdder puts = new LongAdder();
  final LongAdder gets = new LongAdder();
  final LongAdder deletes = new LongAdder();
  final LongAdder putBytes = new LongAdder();
  final LongAdder gotBytes = new LongAdder();
  final LongAdder writtenBytes = new LongAdder();
  final LongAdder groups = new LongAdder();
  final LongAdder commits = new LongAdder();
  final LongAdder syncs = new LongAdder();
  final LongAdder cacheHits = new LongAdder();
  final LongAdder cacheMisses = new LongAdder();
  final LongAdder checkpoints = new LongAdder();
  final LongAdder ignoredCheckpoints = new LongAdder();
  final LongAdder compactionFailures = new LongAdder();
  final LongAdder compactedSegments = new LongAdder();
  final LongAdder movedBytes = new LongAdder();
  final LongAdder prefetchUsedBytes = new LongAdder();
  final LongAdder prefetchWastedBytes = new LongAdder();

  StoreCounters() {}

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
