package io.kvbm.core.logical;

/**
 * What a worker did for its leader.
 *
 * @param moves moves it was asked for
 * @param shards shards that were moved
 * @param bytes their bytes
 * @param failed shards that were not moved, also those of moves it refused
 */
public record ShardStatistics(long moves, long shards, long bytes, long failed) {}
