package io.kvbm.core.transfer;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.store.BlockWrite;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One block to be moved. Key, parent, generations and priority matter where a place keeps blocks
 * under keys.
 *
 * @param sourceSlot where it is
 * @param targetSlot where it goes
 * @param key its identity, or {@link #NO_KEY} between places that keep no keys
 * @param parent the key of the block before it, or null for a first block
 * @param sourceGeneration the generation expected in a store it is read from
 * @param targetGeneration the generation it gets in a store it is written to
 * @param priority kept with it in a store, for recovery
 * @param checksum the CRC32C of its bytes, which a store it is written to compares, or {@link
 *     BlockWrite#NO_CHECKSUM}
 */
public record BlockMove(
    int sourceSlot,
    int targetSlot,
    BlockKey key,
    @Nullable BlockKey parent,
    long sourceGeneration,
    long targetGeneration,
    int priority,
    long checksum) {

  /** Stands where no place needs a key. */
  public static final BlockKey NO_KEY = new BlockKey(0, 0);

  /** Checks that there is a key. */
  public BlockMove {
    Objects.requireNonNull(key, "key");
  }

  /**
   * Creates a move of bytes whose checksum nobody knows.
   *
   * @param sourceSlot where it is
   * @param targetSlot where it goes
   * @param key its identity, or {@link #NO_KEY} between places that keep no keys
   * @param parent the key of the block before it, or null for a first block
   * @param sourceGeneration the generation expected in a store it is read from
   * @param targetGeneration the generation it gets in a store it is written to
   * @param priority kept with it in a store, for recovery
   */
  public BlockMove(
      int sourceSlot,
      int targetSlot,
      BlockKey key,
      @Nullable BlockKey parent,
      long sourceGeneration,
      long targetGeneration,
      int priority) {
    this(
        sourceSlot,
        targetSlot,
        key,
        parent,
        sourceGeneration,
        targetGeneration,
        priority,
        BlockWrite.NO_CHECKSUM);
  }

  /**
   * {@return a move between places that keep no keys}
   *
   * @param sourceSlot where the block is
   * @param targetSlot where it goes
   */
  public static BlockMove of(int sourceSlot, int targetSlot) {
    return new BlockMove(sourceSlot, targetSlot, NO_KEY, null, 0, 0, 0, BlockWrite.NO_CHECKSUM);
  }

  /** {@return the first half of this move: into a slot on the way} */
  BlockMove into(int slot) {
    return new BlockMove(
        sourceSlot, slot, key, parent, sourceGeneration, targetGeneration, priority, checksum);
  }

  /** {@return the second half of this move: out of a slot on the way} */
  BlockMove outOf(int slot) {
    return new BlockMove(
        slot, targetSlot, key, parent, sourceGeneration, targetGeneration, priority, checksum);
  }
}
