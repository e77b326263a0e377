package io.kvbm.api.event;

import io.kvbm.api.Stability;
import io.kvbm.api.block.SequenceHash;

/**
 * Told what happens to the blocks of a manager. Threading: calls come from any thread, some of them
 * under a pool's lock: be quick, do not block, do not call back into the pool.
 */
@Stability(Stability.Level.STABLE)
public interface EventManager {

  /**
   * A block was taken to be filled.
   *
   * @param blockId its slot
   */
  void blockAllocated(int blockId);

  /**
   * A block was registered.
   *
   * @param blockId its slot
   * @param sequenceHash its hash
   */
  void blockRegistered(int blockId, SequenceHash sequenceHash);

  /**
   * A block was found by a match.
   *
   * @param blockId its slot
   * @param sequenceHash its hash
   */
  void blockMatched(int blockId, SequenceHash sequenceHash);

  /**
   * A block was evicted.
   *
   * @param blockId its slot
   */
  void blockEvicted(int blockId);
}
