package io.kvbm.core.prefetch;

/** What became of a prefetch. */
public enum PrefetchOutcome {
  /** Each block was asked for; what could be loaded was. */
  LOADED,
  /** Left out: the load is high. */
  BUSY,
  /** Left out: too much of what was prefetched lately was never used. */
  WASTEFUL,
  /** Left out: too many wait. */
  QUEUE_FULL,
  /** Left out, or its rest was: its deadline had passed. */
  EXPIRED,
  /** Cancelled. */
  CANCELLED,
  /** The target failed. */
  FAILED
}
