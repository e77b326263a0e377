package io.kvbm.backend.disk.slab;

/**
 * What a block store on disk holds, and what it counted since it was opened.
 *
 * @param blocks blocks that can be read now
 * @param byteSize their bytes
 * @param hits blocks read
 * @param misses reads that gave no block
 * @param writes blocks written
 * @param bytesWritten bytes written for them, headers included
 * @param rejected writes refused by admission or budget
 * @param quarantined slots found damaged and not rewritten since
 */
record SlabStatistics(
    long blocks,
    long byteSize,
    long hits,
    long misses,
    long writes,
    long bytesWritten,
    long rejected,
    long quarantined) {}
