package io.kvbm.api.store;

import io.kvbm.api.Stability;

/**
 * What a store found when it was opened.
 *
 * @param recovered blocks that can be read again
 * @param discarded slots that held something no longer valid: another format, fingerprint or a torn
 *     header
 * @param elapsedNanos how long the scan took
 */
@Stability(Stability.Level.STABLE)
public record RecoveryReport(int recovered, int discarded, long elapsedNanos) {

  /** A store that had nothing. */
  public static final RecoveryReport EMPTY = new RecoveryReport(0, 0, 0);
}
