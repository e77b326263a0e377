package io.kvbm.core.tier;

/**
 * Which movements between tiers are checked end to end, by the CRC32C of a block's bytes. A block
 * is summed the first time it leaves memory that the CPU reaches; the sum goes with it from tier to
 * tier, and bytes that arrive with another one are a failure with {@code CORRUPT}, never a block. A
 * copy into memory that the CPU does not reach keeps the sum for the way back.
 */
public enum Verification {
  /** None; stores still check what they keep. */
  NONE,

  /**
   * Into and out of stores: whatever happens to a block between the memory it leaves and the memory
   * it comes back to. Copies from memory to memory are trusted.
   */
  STORES,

  /** Every one. Costs a pass over the bytes at each end of a copy between memories. */
  ALL
}
