package io.kvbm.core.retention;

/**
 * What is leased of one pool.
 *
 * @param active leases that hold blocks
 * @param leasedBlocks blocks they hold; one in two leases counts twice
 * @param granted leases granted
 * @param expired of those, leases that ended because their time was over
 * @param refused leases refused because too much would have been kept
 */
public record LeaseStatistics(
    int active, long leasedBlocks, long granted, long expired, long refused) {}
