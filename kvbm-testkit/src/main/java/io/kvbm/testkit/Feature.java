package io.kvbm.testkit;

/**
 * What a backend may leave out. What it leaves out it must refuse exactly: by an empty list, which
 * the contracts check.
 */
public enum Feature {
  /** It allocates storages. */
  ALLOCATION,
  /** It moves bytes between storages. */
  TRANSFER,
  /** It brings layouts of its own. */
  LAYOUTS,
  /** It keeps blocks by key. */
  BLOCK_STORE,
  /** It keeps objects. */
  OBJECT_STORE,
  /** It keeps logs. */
  LOG
}
