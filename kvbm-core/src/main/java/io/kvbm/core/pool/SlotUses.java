package io.kvbm.core.pool;

import io.kvbm.api.block.BlockMetadata;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes blocks into use and gives them back, without the pool's lock: a look-up reads the index,
 * takes a use of the slot it found and looks whether the slot still holds the key.
 *
 * <p>The lock is taken only where an answer would otherwise be a guess: a block that is being
 * evicted may stay after all, and an entry whose slot has left may have been registered again.
 */
final class SlotUses {

  private final SlotIndex index;
  private final ReentrantLock lock;
  private final Consumer<Slot> lastLeft;
  private final ReturnStack returned = new ReturnStack();

  /**
   * Registered blocks nobody uses. Follows the slots at the end of each call, so it may be off
   * meanwhile, also below 0 where a block was evicted before the call that returned it ended.
   */
  private final LongAdder inactive = new LongAdder();

  /** Logical time: one step for each time the policy is told what was used. */
  private final LockedCount tick = new LockedCount();

  /**
   * @param index finds slots
   * @param lock the pool's lock
   * @param lastLeft told a slot out of the index whose last user left; called without the lock
   */
  SlotUses(SlotIndex index, ReentrantLock lock, Consumer<Slot> lastLeft) {
    this.index = index;
    this.lock = lock;
    this.lastLeft = lastLeft;
  }

  /**
   * How many unused blocks a call took into use: the shared counter is told once a call, not once a
   * block.
   */
  static final class Tally {
    private int woken;
  }

  /** Takes a use of the block under a key; returns its slot, or null if the key is absent. */
  @Nullable Slot take(long hi, long lo, boolean compareDigest, Tally tally) {
    while (true) {
      Slot slot = find(hi, lo, compareDigest);
      if (slot == null) {
        return null;
      }
      int phase = tryTake(slot, tally);
      if (phase == Slot.REGISTERED) {
        if (slot.keyLo == lo && (!compareDigest || slot.keyHi == hi)) {
          return slot;
        }
        giveBack(slot); // the slot was filled anew between the look-up and the use
      } else if (phase == Slot.EVICTING) {
        awaitEviction();
      } else if (isAbsent(hi, lo, compareDigest)) {
        return null;
      }
    }
  }

  /** Takes a use of a slot if it is filled as it was; returns whether it is. */
  boolean takeAgain(Slot slot, long generation) {
    while (slot.generation
        == generation) { // first, so that a later block there is not counted as used
      int phase = tryTake(slot);
      if (phase == Slot.REGISTERED) {
        if (slot.generation == generation) {
          return true;
        }
        giveBack(slot);
        return false;
      }
      if (phase != Slot.EVICTING) {
        return false;
      }
      awaitEviction();
    }
    return false;
  }

  /** Takes a use if the slot is registered; returns the phase seen. */
  int tryTake(Slot slot) {
    Tally tally = new Tally();
    int phase = tryTake(slot, tally);
    settle(tally);
    return phase;
  }

  private int tryTake(Slot slot, Tally tally) {
    long before = slot.tryUse();
    int phase = Slot.phaseOf(before);
    if (phase == Slot.REGISTERED && Slot.isUnused(before)) {
      tally.woken++;
      slot.metadata.onAcquired(tick.value());
    }
    return phase;
  }

  /** Counts what a call took into use. */
  void settle(Tally tally) {
    if (tally.woken > 0) {
      inactive.add(-tally.woken);
    }
  }

  void giveBack(Slot slot) {
    if (release(slot)) {
      inactive.increment();
    }
  }

  /** Gives a use back; returns whether the block became inactive, which the caller counts. */
  boolean release(Slot slot) {
    BlockMetadata kept = slot.metadata;
    switch (slot.giveBack()) {
      case STILL_USED -> {}
      case IDLE -> {
        kept.onReturned(tick.value());
        return true;
      }
      case IDLE_TO_QUEUE -> {
        kept.onReturned(tick.value());
        returned.push(slot);
        return true;
      }
      case LAST -> lastLeft.accept(slot);
    }
    return false;
  }

  /** Counts blocks that became inactive, or with a negative number ceased to be. */
  void countInactive(int blocks) {
    inactive.add(blocks);
  }

  /** {@return registered blocks nobody uses} */
  long inactiveCount() {
    return Math.max(0, inactive.sum());
  }

  /** {@return logical time} */
  long now() {
    return tick.value();
  }

  /**
   * Lets time go on and takes out what was returned since the last time, the oldest first. Under
   * the lock.
   */
  @Nullable Slot drain() {
    tick.add(1);
    return returned.takeAll();
  }

  private @Nullable Slot find(long hi, long lo, boolean compareDigest) {
    return compareDigest ? index.find(hi, lo) : index.findByHash(lo);
  }

  /** An eviction under way either ends or is undone before its thread leaves the lock. */
  @SuppressWarnings("LockNotBeforeTry") // to have held it is all that is wanted
  private void awaitEviction() {
    lock.lock();
    lock.unlock();
  }

  /** The index still named a slot that has left: looks again where nothing can change. */
  private boolean isAbsent(long hi, long lo, boolean compareDigest) {
    lock.lock();
    try {
      return find(hi, lo, compareDigest) == null;
    } finally {
      lock.unlock();
    }
  }
}
