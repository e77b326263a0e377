package io.kvbm.core.pool;

/** What registering a second block of a key does. */
public enum DuplicatePolicy {
  /** The block already there is handed back; the candidate is returned to the pool. */
  REJECT,
  /** The candidate is kept beside the one that matches find, which it keeps in use. */
  ALLOW
}
