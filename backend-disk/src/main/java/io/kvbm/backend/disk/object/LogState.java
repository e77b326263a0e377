package io.kvbm.backend.disk.object;

/**
 * Where a log ends.
 *
 * @param segment the file
 * @param recordStart where the last record starts, 0 where there is none
 * @param end where the next record goes
 * @param chain checksum over the headers of all records
 * @param lastSequence the highest number given out
 */
record LogState(long segment, long recordStart, long end, int chain, long lastSequence) {

  /** {@return the state of a log of which nothing is known but its first file} */
  static LogState startOf(long segment) {
    return new LogState(segment, 0, Format.PAGE, 0, 0);
  }
}
