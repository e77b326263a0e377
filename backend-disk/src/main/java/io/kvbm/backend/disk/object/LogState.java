package io.kvbm.backend.disk.object;

/**
 * Where a log ends.
 *
 * @param segment the file
 * @param end where the next record goes
 * @param chain checksum over the headers of all records
 * @param lastSequence the highest number given out
 */
record LogState(long segment, long end, int chain, long lastSequence) {}
