package io.kvbm.core.prefetch;

/**
 * What a prefetch did.
 *
 * @param outcome how it ended
 * @param requestedBlocks blocks asked for
 * @param loadedBlocks blocks that were moved
 * @param loadedBytes bytes that were moved
 */
public record PrefetchReport(
    PrefetchOutcome outcome, int requestedBlocks, int loadedBlocks, long loadedBytes) {}
