package io.kvbm.api.policy;

import io.kvbm.api.Stability;

/**
 * Orders the blocks of one tier for eviction.
 *
 * <p>The pool tells the policy what happens to each resident block, by slot number, and asks for a
 * victim when it needs room. A block is a <em>candidate</em> while nobody uses it and no child of
 * it is resident: only candidates may be chosen, so no policy can orphan a suffix. The simulator
 * drives the same classes with every resident block a candidate.
 *
 * <p>A policy sees the past only. Threading: calls come one at a time, under the pool's lock;
 * implementations keep no lock of their own.
 *
 * @implSpec each call is O(1) or O(log n) amortised and allocates nothing after warm-up. Slots are
 *     dense, from 0 to the capacity given at creation; {@link #grow} raises it.
 */
@Stability(Stability.Level.PREVIEW)
public interface EvictionPolicy {

  /** What {@link #victim()} answers where there is no candidate. */
  int NONE = -1;

  /** {@return the policy's name} */
  String name();

  /**
   * Slots were added to the tier.
   *
   * @param capacity the new number of slots
   */
  void grow(int capacity);

  /**
   * A block became resident. It is no candidate yet. The end of the use it was inserted for is told
   * by its first {@link #touch}, which comes before its first {@link #offer}.
   *
   * @param slot its slot, not resident before
   * @param key 64 bits that identify its content, for policies that remember what they evicted
   * @param parent the slot of the block before it, or {@link #NONE} where that one is not resident
   * @param priority lower is evicted first
   */
  void insert(int slot, long key, int parent, int priority);

  /**
   * The block before a resident one became resident after it. Does nothing unless overridden.
   *
   * @param slot the slot of a resident block that was inserted without a parent
   * @param parent the slot of the block before it, resident
   */
  default void link(int slot, int parent) {}

  /**
   * A use of a resident block ended: its last user left. Blocks that end together are told the last
   * of the sequence first, so that a prefix counts as more recent than what follows it.
   *
   * @param slot its slot
   */
  void touch(int slot);

  /**
   * A resident block's priority changed.
   *
   * @param slot its slot
   * @param priority lower is evicted first
   */
  void prioritize(int slot, int priority);

  /**
   * A resident block became a candidate. Does nothing if it is one.
   *
   * @param slot its slot
   */
  void offer(int slot);

  /**
   * A resident block is no candidate any more. Does nothing if it is none.
   *
   * @param slot its slot
   */
  void withdraw(int slot);

  /**
   * A resident block left for another reason than eviction: it was reset or turned out damaged.
   *
   * @param slot its slot
   */
  void remove(int slot);

  /**
   * Chooses the candidate to evict next. It may reorder candidates, but none stops being one: the
   * pool answers with {@link #evicted}, or with {@link #withdraw} if the block came into use
   * meanwhile, and may then ask again.
   *
   * @return its slot, or {@link #NONE} if there is no candidate
   */
  int victim();

  /**
   * A resident block was evicted; it is no longer resident.
   *
   * @param slot its slot, as {@link #victim()} gave it
   */
  void evicted(int slot);

  /**
   * Chooses a candidate and evicts it.
   *
   * @return its slot, or {@link #NONE} if there is no candidate
   */
  default int evict() {
    int slot = victim();
    if (slot != NONE) {
      evicted(slot);
    }
    return slot;
  }

  /** {@return how many candidates there are} */
  int candidateCount();
}
