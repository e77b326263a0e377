package io.kvbm.core.pool;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.CompleteBlock;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.block.SequenceHash;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A filled block with its key, not yet in the index. */
final class StagedBlock extends PooledBlock implements CompleteBlock, Registrable {

  private final BlockKey key;
  private final @Nullable BlockKey parent;
  private final int[] tokens;

  StagedBlock(BlockPool pool, Slot slot, BlockKey key, @Nullable BlockKey parent, int[] tokens) {
    super(pool, slot);
    this.key = key;
    this.parent = parent;
    this.tokens = tokens;
  }

  @Override
  ErrorCode endedCode() {
    return ErrorCode.INVALID_MUTABLE_BLOCK;
  }

  @Override
  public PooledBlock handle() {
    return this;
  }

  @Override
  public Optional<BlockKey> knownKey() {
    return Optional.of(key);
  }

  @Override
  public @Nullable BlockKey knownParent() {
    return parent;
  }

  @Override
  public int[] knownTokens() {
    return tokens;
  }

  @Override
  public BlockKey key() {
    requireOpen();
    return key;
  }

  @Override
  public Optional<BlockKey> parent() {
    requireOpen();
    return Optional.ofNullable(parent);
  }

  @Override
  public SequenceHash sequenceHash() {
    return pool.hashScheme().sequenceHash(key());
  }

  @Override
  public ImmutableBlock register() {
    return pool.registerBlocks(List.of(this)).getFirst();
  }

  @Override
  public MutableBlock reset() {
    pool.consume(this);
    return pool.fillingHandle(slot);
  }

  @Override
  public void close() {
    if (tryEnd()) {
      pool.discard(slot);
    }
  }

  @Override
  public String toString() {
    return "complete block " + slot.id + " of pool " + pool.name() + (isOpen() ? "" : " (closed)");
  }
}
