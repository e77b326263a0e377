package io.kvbm.core.retention;

import java.util.Map;

/**
 * What is pinned in one pool.
 *
 * @param byOwner what each owner has pinned; a block of several owners counts for each
 * @param retainedBlocks blocks kept by pins and leases together, each once
 * @param maxBlocks blocks that may be kept
 * @param expired pins that ended because their time was over
 * @param refused calls refused because too much would have been kept
 */
public record PinStatistics(
    Map<String, OwnerPins> byOwner,
    int retainedBlocks,
    long maxBlocks,
    long expired,
    long refused) {
  /** Copies the map. */
  public PinStatistics {
    byOwner = Map.copyOf(byOwner);
  }

  /**
   * What one owner has pinned.
   *
   * @param blocks different blocks
   * @param byteSize their bytes
   */
  public record OwnerPins(int blocks, long byteSize) {}
}
