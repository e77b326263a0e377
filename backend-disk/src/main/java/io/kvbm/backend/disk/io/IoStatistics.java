package io.kvbm.backend.disk.io;

/**
 * What an engine did since it was made. The numbers are read one after the other, while requests go
 * on.
 *
 * @param inFlight requests taken and not released
 * @param completed requests answered, with or without success
 * @param bytes bytes moved by those that succeeded
 * @param errors requests answered with a failure, timeouts included
 * @param timeouts requests answered because their deadline passed
 */
record IoStatistics(long inFlight, long completed, long bytes, long errors, long timeouts) {}
