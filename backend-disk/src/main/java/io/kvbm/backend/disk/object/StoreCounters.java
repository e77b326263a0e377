package io.kvbm.backend.disk.object;

import java.util.concurrent.atomic.LongAdder;

/** What a store counts since it was opened. */
public final class StoreCounters {

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
  final LongAdder compactedSegments = new LongAdder();
  final LongAdder movedBytes = new LongAdder();
  final LongAdder prefetchUsedBytes = new LongAdder();
  final LongAdder prefetchWastedBytes = new LongAdder();

  StoreCounters() {}

  /**
   * The numbers of one moment.
   *
   * @param keys objects
   * @param liveByteSize bytes in the log and in files that belong to them
   * @param logByteSize bytes of the log's files
   * @param segments how many files the log has
   * @param puts calls that put something
   * @param gets calls that read something
   * @param deletes calls that deleted something
   * @param putBytes bytes put
   * @param gotBytes bytes read by callers
   * @param writtenBytes bytes written to the disk for values and records
   * @param groups records written
   * @param commits calls that shared them
   * @param syncs of the log
   * @param cacheHits reads served by the cache
   * @param cacheMisses reads it could not serve
   * @param cacheByteSize bytes it holds
   * @param compactedSegments files given back
   * @param movedBytes bytes written again for it
   * @param prefetchUsedBytes read ahead and asked for
   * @param prefetchWastedBytes read ahead and dropped
   */
  public record Snapshot(
      long keys,
      long liveByteSize,
      long logByteSize,
      long segments,
      long puts,
      long gets,
      long deletes,
      long putBytes,
      long gotBytes,
      long writtenBytes,
      long groups,
      long commits,
      long syncs,
      long cacheHits,
      long cacheMisses,
      long cacheByteSize,
      long compactedSegments,
      long movedBytes,
      long prefetchUsedBytes,
      long prefetchWastedBytes) {}

  Snapshot snapshot(
      long keys, long liveByteSize, long logByteSize, long segments, long cacheByteSize) {
    return new Snapshot(
        keys,
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
        movedBytes.sum(),
        prefetchUsedBytes.sum(),
        prefetchWastedBytes.sum());
  }
}
