package io.kvbm.backend.remote.directory;

/**
 * How much a directory keeps.
 *
 * @param members the most other members
 * @param blocks the most entries of other members
 * @param ownBlocks the most blocks this member announces
 */
public record DirectoryLimits(int members, long blocks, int ownBlocks) {}
