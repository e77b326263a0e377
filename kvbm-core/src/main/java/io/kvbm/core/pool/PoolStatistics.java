package io.kvbm.core.pool;

/**
 * What a pool has counted since it was made.
 *
 * @param allocations blocks allocated
 * @param allocationsFromReset of those, blocks that were empty before
 * @param evictions registered blocks evicted
 * @param registrations blocks registered under a new key
 * @param deduplications blocks handed back because their key was there
 * @param duplicates blocks kept beside one of the same key
 * @param matchRequested keys asked for in matches
 * @param matchReturned blocks matches returned
 * @param scatteredRequested keys asked for in scattered matches
 * @param scatteredReturned blocks scattered matches returned
 * @param rollbacks allocations undone because too few blocks could be evicted
 */
public record PoolStatistics(
    long allocations,
    long allocationsFromReset,
    long evictions,
    long registrations,
    long deduplications,
    long duplicates,
    long matchRequested,
    long matchReturned,
    long scatteredRequested,
    long scatteredReturned,
    long rollbacks) {}
