package io.kvbm.api.remote;

import io.kvbm.api.Stability;

/**
 * Counters of one agent since it was opened, and what it holds now.
 *
 * @param connections connections open now, both ways
 * @param registeredBytes bytes of storages exported now
 * @param reservedBytes bytes peers have reserved here now
 * @param lentBlocks blocks lent to peers now
 * @param bytesRead bytes this agent read from peers
 * @param bytesWritten bytes this agent wrote to peers
 * @param bytesServed bytes peers read and wrote here
 * @param refused requests of peers that were refused
 * @param corrupt reads and writes whose bytes arrived damaged; none of them was handed on
 */
@Stability(Stability.Level.PREVIEW)
public record AgentStatistics(
    long connections,
    long registeredBytes,
    long reservedBytes,
    long lentBlocks,
    long bytesRead,
    long bytesWritten,
    long bytesServed,
    long refused,
    long corrupt) {}
