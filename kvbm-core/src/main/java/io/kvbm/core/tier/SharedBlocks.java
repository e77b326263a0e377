package io.kvbm.core.tier;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.store.StoredBlock;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;

/**
 * A block store where other workers leave blocks, too: what they wrote can be looked up and read as
 * if it were the store's own. Threading: safe from any thread; no call waits.
 */
public interface SharedBlocks {

  /**
   * {@return whether others may have left a block here} Answered from memory; false only where none
   * was there a short while ago.
   *
   * @param key its identity
   */
  boolean mayHave(BlockKey key);

  /**
   * Looks for blocks that others wrote.
   *
   * @param keys the blocks of a sequence, in order
   * @param isOver asked before each look at the store; once it is true no other is taken
   * @return completes, on any thread, with the longest prefix that is there, without slots. What
   *     cannot be looked up is not there
   */
  CompletionStage<List<StoredBlock>> findPrefix(List<BlockKey> keys, BooleanSupplier isOver);

  /**
   * Gives a slot to a block that was found.
   *
   * @param slot a slot whose former block nobody reads any more
   * @param generation what reads of the slot are going to name
   * @param found as {@link #findPrefix} gave it
   */
  void adopt(int slot, long generation, StoredBlock found);
}
