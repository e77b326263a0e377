package io.kvbm.api.remote;

import io.kvbm.api.Stability;
import io.kvbm.api.block.BlockKey;
import java.util.Objects;

/**
 * Where a lent block can be read.
 *
 * @param key the block
 * @param blockSet which of the peer's block sets, from 0
 * @param slot the slot in that set, from 0
 * @param checksum the CRC32C of the block's bytes, layer by layer, 0 to 2^32 - 1
 */
@Stability(Stability.Level.PREVIEW)
public record LentBlock(BlockKey key, int blockSet, int slot, long checksum) {
  /** Checks that there is a key. */
  public LentBlock {
    Objects.requireNonNull(key, "key");
  }
}
