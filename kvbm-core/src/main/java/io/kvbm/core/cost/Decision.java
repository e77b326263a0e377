package io.kvbm.core.cost;

/**
 * How much of a sequence to load.
 *
 * @param loadBlocks load so many blocks from its start; blocks already in the top tier count
 * @param avoidedBlocks blocks below the top tier that would lose to recomputing; with {@link
 *     Reason#ADVISED} they are loaded all the same
 * @param probeBlocks load so many of those avoided, from the first, with nobody waiting: only to
 *     see how fast the route is now
 * @param loadNanos how long the load should take
 * @param recomputeNanos how long computing the rest of the blocks found should take
 * @param patienceNanos a load that takes longer than this loses: go on without what has not
 *     arrived; {@link Long#MAX_VALUE} = no limit
 * @param reason why
 */
public record Decision(
    int loadBlocks,
    int avoidedBlocks,
    int probeBlocks,
    long loadNanos,
    long recomputeNanos,
    long patienceNanos,
    Reason reason) {

  /** Why a decision is what it is. */
  public enum Reason {
    /** The gate is off. */
    OFF,
    /** Loading all wins. */
    LOAD_ALL,
    /** Loading some and computing the rest wins. */
    LOAD_SOME,
    /** Nothing below the top tier is worth loading. */
    RECOMPUTE,
    /** Nobody knows the route: a few blocks are loaded to learn it. */
    LEARN,
    /** The gate only reports: all is loaded though some of it should not be. */
    ADVISED
  }

  /**
   * {@return the decision to load everything and wait for it}
   *
   * @param blocks how many blocks were found
   */
  public static Decision loadAll(int blocks) {
    return new Decision(blocks, 0, 0, 0, 0, Long.MAX_VALUE, Reason.OFF);
  }
}
