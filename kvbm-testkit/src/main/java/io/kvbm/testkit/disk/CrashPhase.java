package io.kvbm.testkit.disk;

/** What a disk was doing when its power was cut. */
public enum CrashPhase {
  /** Writing bytes. */
  WRITE,
  /** Making bytes or names durable. */
  SYNC,
  /** Making, renaming or removing names. */
  RENAME,
  /** Reserving space, giving it back or setting a length. */
  ALLOCATE,
  /** Reading, after recovery. */
  READ,
  /** Nothing: between two calls. */
  IDLE,
  /** Anything while a store was being opened: see {@link SimDisk#recovering}. */
  RECOVERY;

  static CrashPhase of(SimOperation operation) {
    return switch (operation) {
      case READ -> READ;
      case WRITE -> WRITE;
      case SYNC, SYNC_DIRECTORY -> SYNC;
      case ALLOCATE, PUNCH, TRUNCATE -> ALLOCATE;
      case OPEN, CREATE_DIRECTORIES, RENAME, UNLINK -> RENAME;
    };
  }
}
