package io.kvbm.core.retention;

import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Puts quotas and priority classes before another policy: who is above its quota in the tier gives
 * first, of its own blocks the one that was used least recently in its lowest class; otherwise the
 * lowest class that has a candidate does, by a policy of its own.
 *
 * <p>A block's class is its priority, from 0 to the highest class; priorities beyond count as the
 * nearest. Memory: 33 bytes a slot, and the policies of the classes in use.
 */
final class RetentionPolicy implements EvictionPolicy {

  private final EvictionPolicyProvider provider;
  private final Namespaces namespaces;
  private final int tier;
  private final SlotOwners owners;

  /** By class, the lowest first; made when a block of the class comes. */
  private final @Nullable EvictionPolicy[] classes;

  /** The candidates of one owner and class, in the order of their last use. */
  private @Nullable SlotList[] candidates = new SlotList[0];

  private int capacity;
  private byte[] classOf;
  private boolean[] offered;
  private long[] keys;
  private Links links;

  private final IntUnaryOperator firstOfOwner = this::firstOf;

  /** What {@link #victim()} gave by a quota, or {@link #NONE}. */
  private int byQuota = NONE;

  RetentionPolicy(
      EvictionPolicyProvider provider,
      int capacity,
      int classCount,
      Namespaces namespaces,
      int tier,
      SlotOwners owners) {
    this.provider = provider;
    this.namespaces = namespaces;
    this.tier = tier;
    this.owners = owners;
    this.capacity = capacity;
    classes = new EvictionPolicy[classCount];
    classes[0] = provider.create(capacity);
    classOf = new byte[capacity];
    offered = new boolean[capacity];
    keys = new long[capacity];
    links = new Links(capacity);
  }

  @Override
  public String name() {
    return provider.name();
  }

  @Override
  public void grow(int newCapacity) {
    capacity = newCapacity;
    for (EvictionPolicy policy : classes) {
      if (policy != null) {
        policy.grow(newCapacity);
      }
    }
    classOf = Arrays.copyOf(classOf, newCapacity);
    offered = Arrays.copyOf(offered, newCapacity);
    keys = Arrays.copyOf(keys, newCapacity);
    links.grow(newCapacity);
  }

  @Override
  public void insert(int slot, long key, int parent, int priority) {
    int own = classFor(priority);
    classOf[slot] = (byte) own;
    keys[slot] = key;
    offered[slot] = false;
    boolean related = parent != NONE && classOf[parent] == own;
    policy(own).insert(slot, key, related ? parent : NONE, priority);
  }

  @Override
  public void link(int slot, int parent) {
    if (classOf[slot] == classOf[parent]) {
      policyOf(slot).link(slot, parent);
    }
  }

  @Override
  public void touch(int slot) {
    policyOf(slot).touch(slot);
    if (offered[slot]) {
      SlotList list = list(slot);
      list.remove(links, slot);
      list.addLast(links, slot);
    }
  }

  @Override
  public void prioritize(int slot, int priority) {
    int next = classFor(priority);
    if (next == classOf[slot]) {
      policyOf(slot).prioritize(slot, priority);
      return;
    }
    boolean wasOffered = offered[slot];
    withdraw(slot);
    policyOf(slot).remove(slot);
    classOf[slot] = (byte) next;
    policy(next).insert(slot, keys[slot], NONE, priority);
    policy(next).touch(slot);
    if (wasOffered) {
      offer(slot);
    }
  }

  @Override
  public void offer(int slot) {
    policyOf(slot).offer(slot);
    if (!offered[slot]) {
      offered[slot] = true;
      list(slot).addLast(links, slot);
    }
  }

  @Override
  public void withdraw(int slot) {
    policyOf(slot).withdraw(slot);
    unlist(slot);
  }

  @Override
  public void remove(int slot) {
    unlist(slot);
    policyOf(slot).remove(slot);
  }

  @Override
  public int victim() {
    byQuota = namespaces.firstOfGivers(tier, firstOfOwner);
    if (byQuota != NONE) {
      return byQuota;
    }
    for (EvictionPolicy policy : classes) {
      int slot = policy == null ? NONE : policy.victim();
      if (slot != NONE) {
        return slot;
      }
    }
    return NONE;
  }

  /** What an owner gives first, or {@link #NONE}. */
  private int firstOf(int owner) {
    for (int own = 0; own < classes.length; own++) {
      int index = listIndex(owner, own);
      SlotList list = index < candidates.length ? candidates[index] : null;
      if (list != null && list.first != NONE) {
        return list.first;
      }
    }
    return NONE;
  }

  @Override
  public void evicted(int slot) {
    unlist(slot);
    EvictionPolicy policy = policyOf(slot);
    if (slot == byQuota && policy.victim() != slot) {
      policy.remove(slot); // it did not choose this one, and is not to learn from it
    } else {
      policy.evicted(slot);
    }
    byQuota = NONE;
  }

  @Override
  public int candidateCount() {
    int count = 0;
    for (EvictionPolicy policy : classes) {
      count += policy == null ? 0 : policy.candidateCount();
    }
    return count;
  }

  private int classFor(int priority) {
    return Math.clamp(priority, 0, classes.length - 1);
  }

  private EvictionPolicy policyOf(int slot) {
    return policy(classOf[slot]);
  }

  private EvictionPolicy policy(int own) {
    EvictionPolicy policy = classes[own];
    if (policy == null) {
      policy = provider.create(capacity);
      classes[own] = policy;
    }
    return policy;
  }

  private void unlist(int slot) {
    if (offered[slot]) {
      offered[slot] = false;
      list(slot).remove(links, slot);
    }
  }

  private SlotList list(int slot) {
    int index = listIndex(owners.of(slot), classOf[slot]);
    if (index >= candidates.length) {
      candidates = Arrays.copyOf(candidates, Math.max(index + 1, 2 * candidates.length));
    }
    SlotList list = candidates[index];
    if (list == null) {
      list = new SlotList();
      candidates[index] = list;
    }
    return list;
  }

  private int listIndex(int owner, int own) {
    return owner * classes.length + own;
  }

  /** Which slot comes before and after each in its list. */
  private static final class Links {
    private int[] previous;
    private int[] next;

    Links(int capacity) {
      previous = new int[capacity];
      next = new int[capacity];
    }

    void grow(int capacity) {
      previous = Arrays.copyOf(previous, capacity);
      next = Arrays.copyOf(next, capacity);
    }
  }

  /** Slots in an order. */
  private static final class SlotList {
    private int first = NONE;
    private int last = NONE;

    void addLast(Links links, int slot) {
      links.previous[slot] = last;
      links.next[slot] = NONE;
      if (last == NONE) {
        first = slot;
      } else {
        links.next[last] = slot;
      }
      last = slot;
    }

    void remove(Links links, int slot) {
      int before = links.previous[slot];
      int after = links.next[slot];
      if (before == NONE) {
        first = after;
      } else {
        links.next[before] = after;
      }
      if (after == NONE) {
        last = before;
      } else {
        links.previous[after] = before;
      }
    }
  }
}
