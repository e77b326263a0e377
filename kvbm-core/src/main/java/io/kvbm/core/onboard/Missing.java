package io.kvbm.core.onboard;

import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BlockKey;

/** Why a block was not handed out. */
public sealed interface Missing {

  /** {@return the block} */
  BlockKey key();

  /**
   * No tier has it.
   *
   * @param key the block
   */
  record Absent(BlockKey key) implements Missing {}

  /**
   * It had not arrived at the deadline.
   *
   * @param key the block
   */
  record Deadline(BlockKey key) implements Missing {}

  /**
   * Its load failed.
   *
   * @param key the block
   * @param cause why
   */
  record Failed(BlockKey key, KvbmException cause) implements Missing {}

  /**
   * Its tier gave other bytes than were stored; it was taken out of that tier.
   *
   * @param key the block
   * @param cause what was found
   */
  record Corrupt(BlockKey key, KvbmException cause) implements Missing {}

  /**
   * Computing it is faster than loading it, or than waiting for it any longer.
   *
   * @param key the block
   */
  record Avoided(BlockKey key) implements Missing {}

  /**
   * The top tier has no room for it.
   *
   * @param key the block
   */
  record NoRoom(BlockKey key) implements Missing {}

  /**
   * Its load was cancelled.
   *
   * @param key the block
   */
  record Cancelled(BlockKey key) implements Missing {}

  /**
   * Some tier has it, but a block before it is missing, so that it is of no use to the sequence.
   *
   * @param key the block
   */
  record Behind(BlockKey key) implements Missing {}
}
