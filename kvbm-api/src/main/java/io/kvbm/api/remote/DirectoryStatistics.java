package io.kvbm.api.remote;

import io.kvbm.api.Stability;

/**
 * Counters of one member's view of a directory.
 *
 * @param members other members now
 * @param blocks entries of other members now: a block that two hold counts twice
 * @param published blocks this member has announced or withdrawn
 * @param batches batches they were sent in
 * @param failures batches and renewals that failed and were tried again
 * @param resyncs times the local copy was read anew as a whole
 * @param lostLeases times this member's lease had ended and was taken anew
 * @param dropped blocks left out because of a limit
 */
@Stability(Stability.Level.PREVIEW)
public record DirectoryStatistics(
    long members,
    long blocks,
    long published,
    long batches,
    long failures,
    long resyncs,
    long lostLeases,
    long dropped) {}
