package io.kvbm.core.pool;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.WeakBlock;
import java.util.Optional;

/** Remembers a slot and how often it had been filled: another filling is another block. */
record WeakPooledBlock(BlockPool pool, Slot slot, BlockKey key, long generation)
    implements WeakBlock {

  @Override
  public int blockId() {
    return slot.id;
  }

  @Override
  public Optional<ImmutableBlock> upgrade() {
    return pool.upgrade(this);
  }
}
