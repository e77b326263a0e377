package io.kvbm.backend.disk.object;

/**
 * The numbers of one moment.
 *
 * @param keys objects
 * @param valueByteSize their bytes as callers see them
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
 * @param compactionFailures times that giving back ended early, to be tried again later
 * @param movedBytes bytes written again for it
 * @param checkpoints of the index that were written
 * @param ignoredCheckpoints that could not be used when the store was opened
 * @param prefetchUsedBytes read ahead and asked for
 * @param prefetchWastedBytes read ahead and dropped
 */
public record StoreSnapshot(
    long keys,
    long valueByteSize,
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
    long compactionFailures,
    long movedBytes,
    long checkpoints,
    long ignoredCheckpoints,
    long prefetchUsedBytes,
    long prefetchWastedBytes) {}
