package io.kvbm.core.pool;

import java.util.Map;

/**
 * Which blocks came to be found in a pool and ceased to be, since it was made.
 *
 * @param entered blocks registered under a new key, and those found on recovery
 * @param left blocks that cannot be found any more, by cause
 */
public record PoolResidency(long entered, Map<LeaveCause, Long> left) {
  /** Copies the map. */
  public PoolResidency {
    left = Map.copyOf(left);
  }

  /** {@return blocks that can be found; read while blocks come and go it may be off by those} */
  public long resident() {
    return entered - left.values().stream().mapToLong(Long::longValue).sum();
  }
}
