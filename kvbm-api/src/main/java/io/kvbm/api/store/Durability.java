package io.kvbm.api.store;

import io.kvbm.api.Stability;

/** What is promised when a write returns. */
@Stability(Stability.Level.STABLE)
public enum Durability {
  /** Nothing: the value may be lost by a crash of the process. */
  NONE,
  /** Handed to the operating system: survives the process, not the machine. */
  WRITTEN,
  /** On stable media: survives a power cut, as far as the device keeps its word. */
  SYNCED
}
