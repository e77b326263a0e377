package io.kvbm.core.pool;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.SequenceHash;
import io.kvbm.api.block.WeakBlock;
import java.util.Objects;
import java.util.Optional;

/** A use of a registered block. */
final class RegisteredBlock extends PooledBlock implements ImmutableBlock {

  RegisteredBlock(BlockPool pool, Slot slot) {
    super(pool, slot);
  }

  @Override
  ErrorCode endedCode() {
    return ErrorCode.BLOCK_STATE_INVALID;
  }

  @Override
  public BlockKey key() {
    requireOpen();
    return Objects.requireNonNull(slot.key);
  }

  @Override
  public Optional<BlockKey> parent() {
    requireOpen();
    return Optional.ofNullable(slot.parentKey);
  }

  @Override
  public SequenceHash sequenceHash() {
    return pool.hashScheme().sequenceHash(key());
  }

  @Override
  public boolean isDuplicate() {
    requireOpen();
    return slot.phase() == Slot.DETACHED;
  }

  @Override
  public ImmutableBlock share() {
    requireOpen();
    slot.useAgain();
    return pool.handle(slot);
  }

  @Override
  public WeakBlock downgrade() {
    return new WeakPooledBlock(pool, slot, key(), slot.generation);
  }

  @Override
  public void close() {
    if (tryEnd()) {
      pool.giveBack(slot);
    }
  }

  @Override
  public String toString() {
    return "immutable block " + slot.id + " of pool " + pool.name() + (isOpen() ? "" : " (closed)");
  }
}
