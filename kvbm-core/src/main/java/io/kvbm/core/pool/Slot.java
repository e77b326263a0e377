package io.kvbm.core.pool;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.BlockMetadata;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.core.registry.BlockRegistration;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * One place for a block, and the state of the block in it.
 *
 * <p>The word holds the phase, the number of users and whether the slot waits in the {@link
 * ReturnStack}. Fields marked (k) are written before a phase of REGISTERED is published and stay
 * until the slot was evicted, so whoever holds a use may read them. Fields marked (l) are guarded
 * by the pool's lock.
 */
final class Slot {

  /** Empty, in the free list. */
  static final int RESET = 0;

  /** Owned by one user who fills it. */
  static final int MUTABLE = 1;

  /** In the index; users may come and go. */
  static final int REGISTERED = 2;

  /** In the index, but about to leave: a lookup asks again under the lock. */
  static final int EVICTING = 3;

  /** Out of the index, still in use: a second block of a key, or one that turned out damaged. */
  static final int DETACHED = 4;

  private static final int PHASE_SHIFT = 32;
  private static final long PHASE_MASK = 7L << PHASE_SHIFT;
  private static final long QUEUED = 1L << 40;
  private static final long USES = 0xFFFF_FFFFL;
  private static final VarHandle WORD;

  static {
    try {
      WORD = MethodHandles.lookup().findVarHandle(Slot.class, "word", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  final int id;

  /** (k) The sequence hash of the key. */
  long keyLo;

  /** (k) The digest of the key. */
  long keyHi;

  /** (k) The key as its user gave it. */
  @Nullable BlockKey key;

  /** (k) The key of the block before this one. */
  @Nullable BlockKey parentKey;

  /** How often the slot was filled; changed under the lock while nobody uses the slot. */
  long generation;

  /**
   * The CRC32C of the content, or {@code BlockWrite.NO_CHECKSUM} until somebody summed it; set by
   * whoever fills or holds the block.
   */
  volatile long checksum = BlockWrite.NO_CHECKSUM;

  /** Whether the block is dropped once nobody uses it; of the content, not of the slot. */
  volatile boolean dropsWhenUnused;

  /** (k) What the user keeps with the content. */
  BlockMetadata metadata;

  /** (l) The resident parent. */
  @Nullable Slot parent;

  /** (l) The first of the resident blocks that have this one as parent. */
  @Nullable Slot firstChild;

  /** (l) The next block with the same resident parent, or that waits for the same absent one. */
  @Nullable Slot nextSibling;

  /** (l) The block before this one among those. */
  @Nullable Slot previousSibling;

  /** (l) Whether this block waits for its parent to become resident. */
  boolean orphan;

  /** (l) Picked to be moved elsewhere; its parent no longer counts it. */
  boolean leaving;

  /** (l) What the registry shared by the tiers knows of the block. */
  @Nullable BlockRegistration registration;

  /** (k) For a duplicate the block it doubles, which it keeps in use. */
  @Nullable Slot primary;

  /** (l) When the block could be found first, where somebody measures that. */
  long enteredNanos;

  /** (l) The next empty slot. */
  @Nullable Slot nextFree;

  /** (l) The empty slot before this one. */
  @Nullable Slot previousFree;

  /** The next slot in the return stack. */
  @Nullable Slot nextReturned;

  @SuppressWarnings("unused") // through WORD
  private volatile long word;

  Slot(int id, BlockMetadata metadata) {
    this.id = id;
    this.metadata = metadata;
  }

  /** {@return whether a resident block has this one as parent} Under the lock. */
  boolean hasChildren() {
    return firstChild != null;
  }

  int phase() {
    return phaseOf(word);
  }

  int uses() {
    return (int) (word & USES);
  }

  /**
   * Publishes a phase with a number of users; for the owner of the slot, or under the lock. The
   * mark of the return stack stays: a slot that was evicted while it waited there is taken out by
   * the next drain.
   */
  void publish(int phase, int uses) {
    while (true) {
      long seen = word;
      if (WORD.compareAndSet(this, seen, seen & QUEUED | (long) phase << PHASE_SHIFT | uses)) {
        return;
      }
    }
  }

  /**
   * Takes a use if the block is registered.
   *
   * @return the word before: a use was taken if its phase is REGISTERED
   */
  long tryUse() {
    while (true) {
      long seen = word;
      if (phaseOf(seen) != REGISTERED || WORD.compareAndSet(this, seen, seen + 1)) {
        return seen;
      }
    }
  }

  /**
   * Takes another use beside one the caller holds.
   *
   * @return false if nobody uses the block: the caller's handle was closed meanwhile
   */
  boolean tryUseAgain() {
    while (true) {
      long seen = word;
      int phase = phaseOf(seen);
      if ((seen & USES) == 0 || phase != REGISTERED && phase != DETACHED) {
        return false;
      }
      if (WORD.compareAndSet(this, seen, seen + 1)) {
        return true;
      }
    }
  }

  /**
   * Gives a use back.
   *
   * @return the outcome, one of the {@code RETURN} constants
   */
  Return giveBack() {
    while (true) {
      long seen = word;
      long next = seen - 1;
      Return outcome = Return.STILL_USED;
      if ((next & USES) == 0) {
        outcome = Return.LAST;
        if (phaseOf(seen) == REGISTERED) {
          outcome = (seen & QUEUED) != 0 ? Return.IDLE : Return.IDLE_TO_QUEUE;
          next |= QUEUED;
        }
      }
      if (WORD.compareAndSet(this, seen, next)) {
        return outcome;
      }
    }
  }

  /** What giving a use back led to. */
  enum Return {
    /** Others still use the block. */
    STILL_USED,
    /** Nobody uses the registered block; it waits in the return stack already. */
    IDLE,
    /** Nobody uses the registered block; the caller pushes it on the return stack. */
    IDLE_TO_QUEUE,
    /** Nobody uses the detached block; the caller resets it. */
    LAST
  }

  /**
   * Clears the mark of the return stack; returns whether the block is registered and unused now.
   */
  boolean leaveQueue() {
    while (true) {
      long seen = word;
      long next = seen & ~QUEUED;
      if (WORD.compareAndSet(this, seen, next)) {
        return phaseOf(next) == REGISTERED && (next & USES) == 0;
      }
    }
  }

  /** {@return whether the slot waits in the return stack} */
  boolean isQueued() {
    return (word & QUEUED) != 0;
  }

  /** Moves from registered and unused to EVICTING; returns whether it was so. */
  boolean tryBeginEviction() {
    while (true) {
      long seen = word;
      if (phaseOf(seen) != REGISTERED || (seen & USES) != 0) {
        return false;
      }
      if (WORD.compareAndSet(this, seen, seen & ~PHASE_MASK | (long) EVICTING << PHASE_SHIFT)) {
        return true;
      }
    }
  }

  /**
   * Moves from registered with one use, the caller's, to EVICTING without any; returns whether it
   * was so.
   */
  boolean tryBeginRemoval() {
    while (true) {
      long seen = word;
      if (phaseOf(seen) != REGISTERED || (seen & USES) != 1) {
        return false;
      }
      long next = (seen - 1) & ~PHASE_MASK | (long) EVICTING << PHASE_SHIFT;
      if (WORD.compareAndSet(this, seen, next)) {
        return true;
      }
    }
  }

  /** Changes the phase and keeps uses and queue mark. */
  void changePhase(int phase) {
    while (true) {
      long seen = word;
      if (WORD.compareAndSet(this, seen, seen & ~PHASE_MASK | (long) phase << PHASE_SHIFT)) {
        return;
      }
    }
  }

  static boolean isUnused(long word) {
    return (word & USES) == 0;
  }

  static int phaseOf(long word) {
    return (int) ((word & PHASE_MASK) >>> PHASE_SHIFT);
  }
}
