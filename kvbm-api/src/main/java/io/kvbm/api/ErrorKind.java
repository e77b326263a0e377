package io.kvbm.api;

/**
 * What a caller should do about a {@link KvbmException}; each kind asks for a different reaction.
 */
@Stability(Stability.Level.STABLE)
public enum ErrorKind {
  /** The call was wrong: fix the arguments or the order of calls. */
  CALLER,
  /** Something is full: free, evict or ask for less, then retry. */
  CAPACITY,
  /** The condition may pass: back off, then retry. */
  TRANSIENT,
  /** A device, driver or file system failed: stop using that backend. */
  BACKEND,
  /** Stored bytes are not what was written: drop the block, count a miss. */
  CORRUPTION,
  /** The settings are wrong: correct them and start again. */
  CONFIGURATION
}
