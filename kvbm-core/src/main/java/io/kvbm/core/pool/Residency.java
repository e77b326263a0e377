package io.kvbm.core.pool;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.policy.EvictionPolicy;
import java.util.List;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Which blocks are resident, how they hang together and which of them may be evicted. Every call
 * runs under the pool's lock.
 *
 * <p>A block is offered to the policy while nobody uses it and no child of it is resident: so a
 * prefix is evicted from its end. In a lower tier a child usually arrives before its parent; it
 * waits in a list under the parent's key and is adopted when the parent comes.
 */
final class Residency {

  private final EvictionPolicy policy;
  private final SlotIndex index;
  private final Long2ObjectHashMap<Slot> orphans = new Long2ObjectHashMap<>();

  Residency(EvictionPolicy policy, SlotIndex index) {
    this.policy = policy;
    this.index = index;
  }

  void grow(int capacity) {
    policy.grow(capacity);
  }

  /** Makes a block resident that is in the index. */
  void enter(Slot slot) {
    Slot parent = index.find(slot.parentKey);
    if (parent == null) {
      awaitParent(slot);
    } else if (parent == slot || slot.hasChildren() && isAncestor(slot, parent)) {
      parent = null; // a block that is its own ancestor has no parent to wait for
    } else {
      attach(slot, parent);
    }
    insert(slot, parent);
    adoptOrphans(slot);
  }

  private void insert(Slot slot, @Nullable Slot parent) {
    policy.insert(
        slot.id,
        slot.keyLo ^ Long.rotateLeft(slot.keyHi, 32),
        parent == null || parent.leaving ? EvictionPolicy.NONE : parent.id,
        slot.metadata.priority());
  }

  /** The last user of a block left, or a block was touched. */
  void used(Slot slot) {
    policy.touch(slot.id);
  }

  /** Offers a block if it may be evicted. */
  void offerIfIdle(Slot slot) {
    if (!slot.hasChildren()
        && !slot.leaving
        && slot.phase() == Slot.REGISTERED
        && slot.uses() == 0
        && !slot.isQueued()) {
      policy.prioritize(slot.id, slot.metadata.priority());
      policy.offer(slot.id);
    }
  }

  /**
   * Chooses the next block to evict and moves it to EVICTING; its parent no longer counts it.
   *
   * @return the block, or null if none may be evicted
   */
  @Nullable Slot beginEviction(Slot[] slots) {
    while (true) {
      int id = policy.victim();
      if (id == EvictionPolicy.NONE) {
        return null;
      }
      Slot slot = slots[id];
      if (slot.tryBeginEviction()) {
        policy.evicted(id);
        detach(slot);
        return slot;
      }
      policy.withdraw(id); // in use again; offered anew when its last user leaves
    }
  }

  /**
   * Offers blocks whose return is still on its way: their users have left, but the thread that was
   * the last of them has not told the {@link ReturnStack} yet.
   *
   * @return whether there was any
   */
  boolean offerReturning(Slot[] slots) {
    boolean found = false;
    for (Slot slot : slots) {
      if (slot.isQueued()
          && !slot.hasChildren()
          && !slot.leaving
          && slot.phase() == Slot.REGISTERED
          && slot.uses() == 0) {
        policy.prioritize(slot.id, slot.metadata.priority());
        policy.offer(slot.id);
        found = true;
      }
    }
    return found;
  }

  /**
   * Undoes {@link #beginEviction} for several blocks: they are resident as before, the most recent
   * of their order, and would be evicted in the order given.
   */
  void cancelEvictions(List<Slot> victims) {
    for (Slot slot : victims) {
      Slot parent = index.find(slot.parentKey);
      insert(slot, parent == null || parent.phase() == Slot.EVICTING ? null : parent);
      policy.touch(slot.id);
    }
    for (Slot slot :
        victims.reversed()) { // parents first, so that each finds its children linked right
      Slot parent = index.find(slot.parentKey);
      if (parent == null) {
        awaitParent(slot);
      } else if (!isAncestor(slot, parent)) {
        attach(slot, parent);
        if (!parent.leaving) {
          policy.link(slot.id, parent.id); // it may not have been back yet when its child was
        }
      }
      adoptOrphans(slot);
    }
    for (Slot slot : victims) {
      slot.changePhase(Slot.REGISTERED);
      offerIfIdle(slot);
    }
  }

  /**
   * The policy forgets a block that leaves in another way than eviction, and the tree lets it go:
   * its children wait for it to come back. The cost is one step a child.
   */
  void remove(Slot slot) {
    if (!slot.leaving) {
      policy.remove(slot.id);
      detach(slot);
    }
    Slot child = slot.firstChild;
    slot.firstChild = null;
    while (child != null) {
      Slot next = child.nextSibling;
      child.parent = null;
      child.nextSibling = null;
      child.previousSibling = null;
      awaitParent(child);
      child = next;
    }
  }

  /** Every block leaves: the cost is one step a block, whatever the tree looks like. */
  void clear(Iterable<Slot> resident) {
    for (Slot slot : resident) {
      policy.remove(slot.id);
      slot.parent = null;
      slot.firstChild = null;
      slot.orphan = false;
      slot.nextSibling = null;
      slot.previousSibling = null;
    }
    orphans.clear();
  }

  /** A block that was about to leave stays. */
  void cancelLeaving(Slot slot) {
    slot.leaving = false;
    enter(slot);
    offerIfIdle(slot);
  }

  int candidateCount() {
    return policy.candidateCount();
  }

  private void attach(Slot child, Slot parent) {
    if (!parent.hasChildren() && !parent.leaving) {
      policy.withdraw(parent.id);
    }
    linkChild(child, parent);
  }

  private static void linkChild(Slot child, Slot parent) {
    child.parent = parent;
    linkBefore(parent.firstChild, child);
    parent.firstChild = child;
  }

  private static void linkBefore(@Nullable Slot first, Slot slot) {
    slot.nextSibling = first;
    if (first != null) {
      first.previousSibling = slot;
    }
  }

  private void detach(Slot slot) {
    Slot parent = slot.parent;
    if (parent != null) {
      unlinkChild(slot, parent);
      if (!parent.hasChildren()) {
        offerIfIdle(parent);
      }
    } else if (slot.orphan) {
      unlinkOrphan(slot);
    }
  }

  private static void unlinkChild(Slot slot, Slot parent) {
    slot.parent = null;
    if (parent.firstChild == slot) {
      parent.firstChild = slot.nextSibling;
    }
    unlinkSiblings(slot);
  }

  private static void unlinkSiblings(Slot slot) {
    Slot next = slot.nextSibling;
    Slot previous = slot.previousSibling;
    if (next != null) {
      next.previousSibling = previous;
    }
    if (previous != null) {
      previous.nextSibling = next;
    }
    slot.nextSibling = null;
    slot.previousSibling = null;
  }

  private void awaitParent(Slot slot) {
    BlockKey parentKey = slot.parentKey;
    if (parentKey == null) {
      return;
    }
    slot.orphan = true;
    linkBefore(orphans.put(waitingKey(parentKey), slot), slot);
  }

  private void unlinkOrphan(Slot slot) {
    if (slot.previousSibling == null) {
      long key = waitingKey(slot.parentKey);
      if (slot.nextSibling != null) {
        orphans.put(key, slot.nextSibling);
      } else {
        orphans.remove(key);
      }
    }
    unlinkSiblings(slot);
    slot.orphan = false;
  }

  /** Two parents may share a waiting key: only the children of this one are taken. */
  private void adoptOrphans(Slot parent) {
    BlockKey key = parent.key;
    if (key == null || orphans.isEmpty()) {
      return;
    }
    Slot waiting = orphans.get(waitingKey(key));
    while (waiting != null) {
      Slot next = waiting.nextSibling;
      if (key.equals(waiting.parentKey) && !isAncestor(waiting, parent)) {
        unlinkOrphan(waiting);
        linkChild(waiting, parent);
        if (!waiting.leaving) {
          policy.link(waiting.id, parent.id);
        }
      }
      waiting = next;
    }
  }

  /**
   * Callers may name parents in a circle; adopting an ancestor would keep the circle from ever
   * being evicted.
   */
  private static boolean isAncestor(Slot candidate, Slot slot) {
    for (Slot above = slot; above != null; above = above.parent) {
      if (above == candidate) {
        return true;
      }
    }
    return false;
  }

  private static long waitingKey(@Nullable BlockKey key) {
    return key == null ? 0 : key.lo() ^ Long.rotateLeft(key.hi(), 17);
  }
}
