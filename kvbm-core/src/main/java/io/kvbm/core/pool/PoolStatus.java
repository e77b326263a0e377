package io.kvbm.core.pool;

/**
 * How many blocks are in which state.
 *
 * @param active registered blocks in use, and blocks being filled
 * @param inactive registered blocks nobody uses: found by a match, evicted when room is needed
 * @param empty blocks without content
 */
public record PoolStatus(long active, long inactive, long empty) {

  /** {@return how many blocks the pool has} */
  public long total() {
    return active + inactive + empty;
  }
}
