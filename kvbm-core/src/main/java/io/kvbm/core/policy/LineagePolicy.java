package io.kvbm.core.policy;

import io.kvbm.api.policy.EvictionPolicy;
import java.util.Arrays;

/**
 * Evicts sequences from their ends: only a block without resident children goes, of those the one
 * whose last use is longest ago. A block whose last child left is as old as its own last use.
 *
 * <p>A pool offers only such blocks anyway; this policy holds to it by itself, also where every
 * block is offered. Children may come before their parents. A sequence of any length leaves block
 * by block, O(log n) each.
 *
 * <p>Priorities are not looked at. Not thread safe.
 */
final class LineagePolicy implements EvictionPolicy {

  static final String NAME = "lineage";

  private final SlotOrders orders;
  private final BlockTree tree;
  private final SlotQueue leaves;

  /** By slot, whether it is a candidate; {@link #leaves} has those of them without children. */
  private boolean[] offered;

  private int offeredCount;

  LineagePolicy(int capacity) {
    orders = new SlotOrders(NAME, capacity);
    tree = new BlockTree(capacity);
    leaves = new SlotQueue(capacity);
    offered = new boolean[capacity];
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void grow(int capacity) {
    orders.grow(capacity);
    tree.grow(capacity);
    leaves.grow(capacity);
    offered = Arrays.copyOf(offered, capacity);
  }

  @Override
  public void insert(int slot, long key, int parent, int priority) {
    orders.enter(slot);
    tree.enter(slot);
    attach(slot, parent);
  }

  /** {@inheritDoc} A parent that descends from the block is not taken: neither could ever leave. */
  @Override
  public void link(int slot, int parent) {
    orders.requireResident(slot);
    if (!orders.isResident(parent) || !tree.isBefore(slot, parent)) {
      addIfLeaf(tree.detach(slot));
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
      if (!tree.isFollowed(slot)) {
        leaves.remove(slot);
      }
    }
  }

  /** {@inheritDoc} Children that are left behind have no parent any more. */
  @Override
  public void remove(int slot) {
    withdraw(slot);
    addIfLeaf(tree.leave(slot));
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
    if (offered[parent] && !tree.isFollowed(parent)) {
      leaves.remove(parent);
    }
    tree.attach(slot, parent);
  }

  private void addIfLeaf(int slot) {
    if (slot != NONE && offered[slot] && !tree.isFollowed(slot)) {
      leaves.add(slot, 0, orders.of(slot));
    }
  }
}
