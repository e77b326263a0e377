package io.kvbm.testkit;

/**
 * What a backend may leave out. What it leaves out it must refuse exactly as the interface says: a
 * part by an empty list, a capability by {@code UNSUPPORTED}. The contracts check the refusal.
 */
public enum Feature {
  /** It allocates storages. Refused by an empty list. */
  ALLOCATION,
  /** It moves bytes between storages. Refused by an empty list. */
  TRANSFER,
  /** It brings layouts of its own. Refused by an empty list. */
  LAYOUTS,
  /** It keeps blocks by key. Refused by an empty list. */
  BLOCK_STORE,
  /** Its block store finds the blocks of a former run. Refused by finding none. */
  BLOCK_STORE_PERSISTENT,
  /** It keeps objects. Refused by an empty list. */
  OBJECT_STORE,
  /** Conditional puts. Refused by {@code UNSUPPORTED}. */
  OBJECT_CONDITIONAL_PUT,
  /** Atomic batches. Refused by {@code UNSUPPORTED}. */
  OBJECT_ATOMIC_BATCH,
  /** Mapped objects. Refused by {@code UNSUPPORTED}. */
  OBJECT_MAP,
  /** Objects with a time to live. Refused by {@code UNSUPPORTED}. */
  OBJECT_TIME_TO_LIVE,
  /** Objects on stable media. Refused by {@code UNSUPPORTED}. */
  OBJECT_SYNC,
  /** Objects that outlive the store. Refused by finding none. */
  OBJECT_PERSISTENT,
  /** It keeps logs. Refused by an empty list. */
  LOG,
  /** It lends a disk. Refused by an empty list. */
  DISK
}
