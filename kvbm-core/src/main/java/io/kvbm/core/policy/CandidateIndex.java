package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;

/** The candidates of an {@link OrderedPolicy}, smallest first. Not thread safe. */
interface CandidateIndex {

  /** What {@link #peek()} answers where there is nothing. */
  int NONE = EvictionPolicy.NONE;

  /**
   * Makes room for slots 0 to {@code capacity - 1}; a smaller capacity than before changes nothing.
   */
  void grow(int capacity);

  /** Adds a slot that is not in the index; no other slot in it has the same order. */
  void add(int slot, int priority, long order);

  /** Takes a slot that is in the index out of it. */
  void remove(int slot);

  /** Gives a slot that is in the index an order larger than every order so far. */
  void renew(int slot, int priority, long order);

  /**
   * Gives a slot that is in the index another priority; its order is the one it was added or
   * renewed with.
   */
  void reprioritize(int slot, int priority, long order);

  /** Returns the smallest slot, or {@link #NONE}. */
  int peek();

  /** Returns whether the slot is in the index. */
  boolean contains(int slot);

  /** Returns how many slots are in the index. */
  int size();
}
