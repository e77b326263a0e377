package io.kvbm.backend.disk.log;

/**
 * What keeps a log honest. A test leaves one out to see that the crash tests notice; a log always
 * has all.
 *
 * @param syncs whether bytes are synced before they are acknowledged
 * @param directorySyncs whether names are
 * @param checksums whether checksums are compared
 * @param freshNumbers whether numbers that may have been given before a crash are passed over
 * @param tailRule whether a bad record that was synced is corruption, not a torn tail
 */
record LogChecks(
    boolean syncs,
    boolean directorySyncs,
    boolean checksums,
    boolean freshNumbers,
    boolean tailRule) {

  static final LogChecks ALL = new LogChecks(true, true, true, true, true);
}
