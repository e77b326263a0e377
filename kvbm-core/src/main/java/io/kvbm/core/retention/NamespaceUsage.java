package io.kvbm.core.retention;

/**
 * What one namespace has in one tier.
 *
 * @param namespace its name; empty for blocks nobody claimed
 * @param id its number
 * @param tier the tier
 * @param blocks blocks it has there
 * @param quotaBlocks blocks it should have at most, {@link Long#MAX_VALUE} where there is no quota
 */
public record NamespaceUsage(String namespace, int id, String tier, long blocks, long quotaBlocks) {

  /** {@return how many blocks are too many, or 0} */
  public long excessBlocks() {
    return Math.max(0, blocks - quotaBlocks);
  }
}
