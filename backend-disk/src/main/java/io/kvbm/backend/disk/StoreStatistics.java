package io.kvbm.backend.disk;

import io.kvbm.api.Stability;

/**
 * What a store counted since it was opened, and how large it is.
 *
 * @param keys objects
 * @param liveByteSize bytes of the log and of files that belong to them
 * @param logByteSize bytes of the log's files
 * @param segments how many files the log has
 * @param puts objects put
 * @param gets reads
 * @param deletes calls that deleted
 * @param putBytes bytes put
 * @param gotBytes bytes read by callers
 * @param writtenBytes bytes written to the disk
 * @param groups records written, each shared by the calls that waited together
 * @param commits those calls
 * @param syncs of the log
 * @param cacheHits reads served by the cache
 * @param cacheMisses reads it could not serve
 * @param cacheByteSize bytes it holds
 * @param compactedSegments files given back
 * @param movedBytes bytes written again for it
 * @param prefetchUsedBytes read ahead and asked for
 * @param prefetchWastedBytes read ahead and dropped
 */
@Stability(Stability.Level.PREVIEW)
public record StoreStatistics(
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
