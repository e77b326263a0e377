package io.kvbm.testkit.disk;

/** What a {@link SimDisk} counts and can fail at. Looking at lengths and names is free. */
public enum SimOperation {
  /** Opening a file, also a temporary one. */
  OPEN,
  /** Reading. */
  READ,
  /** Writing. */
  WRITE,
  /** Making bytes durable. */
  SYNC,
  /** Reserving space. */
  ALLOCATE,
  /** Giving space back. */
  PUNCH,
  /** Setting a length. */
  TRUNCATE,
  /** Making directories. */
  CREATE_DIRECTORIES,
  /** Renaming. */
  RENAME,
  /** Removing a name. */
  UNLINK,
  /** Making names durable. */
  SYNC_DIRECTORY;

  /** {@return whether a full disk makes it fail} */
  boolean takesSpace() {
    return this == WRITE || this == ALLOCATE || this == CREATE_DIRECTORIES;
  }
}
