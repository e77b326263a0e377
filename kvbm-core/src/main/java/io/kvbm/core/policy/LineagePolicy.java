package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;
import java.util.Arrays;

/**
 * Evicts sequences from their ends: only a block without resident children goes, of those the one
 * whose last use is longest ago. A block whose last child left is as old as its own last use.
 *
 * <p>A pool offers only such blocks anyway; this policy holds to it by itself, also where every
 * block is offered. A block is known by its slot and the time it came, so two blocks cannot be
 * taken for each other; children may come before their parents. Nothing is recursive: a sequence of
 * any length leaves block by block, O(log n) each.
 *
 * <p>Priorities are not looked at. Not thread safe.
 */
final class LineagePolicy implements EvictionPolicy {

  static final String NAME = "lineage";

  private final SlotOrders orders;
  private final SlotQueue leaves;

  /** By slot, whether it is a candidate; {@link #leaves} has those of them without children. */
  private boolean[] offered;

  private int offeredCount;

  /** By slot: its order when it came, which tells it from others in the same slot. */
  private long[] births;

  private int[] childCounts;

  /** By slot: its parent and that one's birth; a parent that left meanwhile has another birth. */
  private int[] parents;

  private long[] parentBirths;

  LineagePolicy(int capacity) {
    orders = new SlotOrders(NAME, capacity);
    leaves = new SlotQueue(capacity);
    offered = new boolean[capacity];
    births = new long[capacity];
    childCounts = new int[capacity];
    parents = new int[capacity];
    parentBirths = new long[capacity];
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void grow(int capacity) {
    orders.grow(capacity);
    leaves.grow(capacity);
    offered = Arrays.copyOf(offered, capacity);
    births = Arrays.copyOf(births, capacity);
    childCounts = Arrays.copyOf(childCounts, capacity);
    parents = Arrays.copyOf(parents, capacity);
    parentBirths = Arrays.copyOf(parentBirths, capacity);
  }

  @Override
  public void insert(int slot, long key, int parent, int priority) {
    orders.enter(slot);
    births[slot] = orders.of(slot);
    childCounts[slot] = 0;
    parents[slot] = NONE;
    attach(slot, parent);
  }

  /** {@inheritDoc} A parent that descends from the block is not taken: neither could ever leave. */
  @Override
  public void link(int slot, int parent) {
    orders.requireResident(slot);
    if (!isAncestor(slot, parent)) {
      detach(slot);
      attach(slot, parent);
    }
  }

  @Override
  public void touch(int slot) {
    orders.requireResident(slot);
    long order = orders.renew(slot);
    if (leaves.contains(slot)) {
      leaves.renew(slot, 0, order);
    }
  }

  @Override
  public void prioritize(int slot, int priority) {
    orders.requireResident(slot);
  }

  @Override
  public void offer(int slot) {
    orders.requireResident(slot);
    if (!offered[slot]) {
      offered[slot] = true;
      offeredCount++;
      addIfLeaf(slot);
    }
  }

  @Override
  public void withdraw(int slot) {
    orders.requireResident(slot);
    if (offered[slot]) {
      offered[slot] = false;
      offeredCount--;
      if (childCounts[slot] == 0) {
        leaves.remove(slot);
      }
    }
  }

  /** {@inheritDoc} Children that are left behind have no parent any more. */
  @Override
  public void remove(int slot) {
    withdraw(slot);
    detach(slot);
    orders.leave(slot);
  }

  @Override
  public int victim() {
    return leaves.peek();
  }

  @Override
  public void evicted(int slot) {
    remove(slot);
  }

  /** {@return how many blocks are offered, with those that wait for their children to leave} */
  @Override
  public int candidateCount() {
    return offeredCount;
  }

  private void attach(int slot, int parent) {
    if (parent == slot || !orders.isResident(parent)) {
      return;
    }
    parents[slot] = parent;
    parentBirths[slot] = births[parent];
    if (childCounts[parent]++ == 0 && offered[parent]) {
      leaves.remove(parent);
    }
  }

  private void detach(int slot) {
    int parent = parentOf(slot);
    parents[slot] = NONE;
    if (parent != NONE && --childCounts[parent] == 0) {
      addIfLeaf(parent);
    }
  }

  private void addIfLeaf(int slot) {
    if (offered[slot] && childCounts[slot] == 0) {
      leaves.add(slot, 0, orders.of(slot));
    }
  }

  /** Returns the slot of the parent, or {@link #NONE} if it has none or that one left. */
  private int parentOf(int slot) {
    int parent = parents[slot];
    boolean there =
        parent != NONE && orders.isResident(parent) && births[parent] == parentBirths[slot];
    return there ? parent : NONE;
  }

  /** Looks upwards from the slot; only a block that has children can be above another. */
  private boolean isAncestor(int candidate, int slot) {
    if (childCounts[candidate] == 0) {
      return candidate == slot;
    }
    for (int above = slot;
        above != NONE;
        above = orders.isResident(above) ? parentOf(above) : NONE) {
      if (above == candidate) {
        return true;
      }
    }
    return false;
  }
}
