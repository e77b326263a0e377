package io.kvbm.core.cost;

/** What a cost gate does. */
public enum GateMode {
  /** Loads everything and estimates nothing. */
  OFF,
  /** Counts what would lose to recomputing, and loads it. */
  ADVISE,
  /** Does not load what would lose to recomputing. */
  ENFORCE
}
