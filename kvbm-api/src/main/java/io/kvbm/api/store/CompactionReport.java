package io.kvbm.api.store;

import io.kvbm.api.Stability;

/**
 * What a compaction gained.
 *
 * @param beforeByteSize bytes the store's files took before
 * @param afterByteSize bytes they take now
 * @param movedByteSize bytes that were written to new places on the way
 * @param elapsedNanos how long it took
 */
@Stability(Stability.Level.PREVIEW)
public record CompactionReport(
    long beforeByteSize, long afterByteSize, long movedByteSize, long elapsedNanos) {}
