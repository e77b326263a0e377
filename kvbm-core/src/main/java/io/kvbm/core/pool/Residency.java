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
    } else if (parent == slot || slot.children > 0 && isAncestor(slot, parent)) {
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
    if (slot.children == 0
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
          && slot.children == 0
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
        victims.reversed()) { // parents first, so that each finds its children's count right
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
   * The policy forgets a block that leaves in another way than eviction, and the tree lets it go.
   */
  void remove(Slot slot, Slot[] all) {
    if (!slot.leaving) {
      policy.remove(slot.id);
      detach(slot);
    }
    if (slot.children > 0) {
      for (Slot other : all) {
        if (other.parent == slot) {
          other.parent = null;
          awaitParent(other);
        }
      }
      slot.children = 0;
    }
  }

  /** Every block leaves: the cost is one step a block, whatever the tree looks like. */
  void clear(Iterable<Slot> resident) {
    for (Slot slot : resident) {
      policy.remove(slot.id);
      slot.parent = null;
      slot.children = 0;
      slot.orphan = false;
      slot.nextOrphan = null;
      slot.previousOrphan = null;
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
    child.parent = parent;
    if (parent.children++ == 0 && !parent.leaving) {
      policy.withdraw(parent.id);
    }
  }

  private void detach(Slot slot) {
    Slot parent = slot.parent;
    if (parent != null) {
      slot.parent = null;
      if (--parent.children == 0) {
        offerIfIdle(parent);
      }
    } else if (slot.orphan) {
      unlinkOrphan(slot);
    }
  }

  private void awaitParent(Slot slot) {
    BlockKey parentKey = slot.parentKey;
    if (parentKey == null) {
      return;
    }
    slot.orphan = true;
    Slot first = orphans.put(waitingKey(parentKey), slot);
    slot.nextOrphan = first;
    if (first != null) {
      first.previousOrphan = slot;
    }
  }

  private void unlinkOrphan(Slot slot) {
    Slot next = slot.nextOrphan;
    Slot previous = slot.previousOrphan;
    if (next != null) {
      next.previousOrphan = previous;
    }
    if (previous != null) {
      previous.nextOrphan = next;
    } else {
      long key = waitingKey(slot.parentKey);
      if (next != null) {
        orphans.put(key, next);
      } else {
        orphans.remove(key);
      }
    }
    slot.nextOrphan = null;
    slot.previousOrphan = null;
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
      Slot next = waiting.nextOrphan;
      if (key.equals(waiting.parentKey) && !isAncestor(waiting, parent)) {
        unlinkOrphan(waiting);
        waiting.parent = parent;
        parent.children++;
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
