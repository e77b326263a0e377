package io.kvbm.core.cache;

import com.dynatrace.hash4j.hashing.Hashing;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which values are in the cache, where they lie and which leaves next. Guarded by the cache's lock;
 * only the table is read without it.
 *
 * <p>A value is offered to the policy while nobody holds it. Pins come and go without the lock, so
 * the policy's word is checked when a value is to be evicted, and the log brings back what was let
 * go.
 */
final class Residents {

  /** Policies keep tables of this length; it doubles with the number of values. */
  private static final int FIRST_SLOTS = 16;

  private final Map<String, CachedValue> table;
  private final HitLog log;
  private final SlabArena arena;
  private final long capacity;
  private final long slabAddress;
  private final EvictionPolicy policy;
  private final Deque<Integer> freeSlots = new ArrayDeque<>();
  private @Nullable CachedValue[] slots = new CachedValue[FIRST_SLOTS];
  private int slotsUsed;
  private long evictions;
  private long lost;

  /**
   * @param table values by key; safe to be read while it changes
   * @param log what is used
   * @param capacity bytes of the slab, whole units
   * @param slabAddress the address of the first
   * @param policy orders values for eviction
   */
  Residents(
      Map<String, CachedValue> table,
      HitLog log,
      long capacity,
      long slabAddress,
      EvictionPolicyProvider policy) {
    this.table = table;
    this.log = log;
    this.arena = new SlabArena(capacity);
    this.capacity = capacity;
    this.slabAddress = slabAddress;
    this.policy = policy.create(FIRST_SLOTS);
  }

  long capacity() {
    return capacity;
  }

  long evictions() {
    return evictions;
  }

  long usedByteSize() {
    return arena.usedByteSize();
  }

  /** {@return whether nobody needs the slab any more} */
  boolean isSlabIdle() {
    return arena.usedByteSize() == lost;
  }

  /** Refuses a value that never fits. */
  void checkByteSize(String key, long byteSize) {
    if (byteSize > capacity) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "value '%s' of %d bytes is larger than the cache of %d; make the cache larger"
              .formatted(key, byteSize, capacity),
          byteSize,
          capacity);
    }
  }

  // ---- room

  /**
   * Takes a run of the slab, evicting for it. Values that must stay are looked at first: where no
   * run could come of it, nothing is evicted.
   *
   * @param key whose older value leaves last, and only if that makes the room
   * @param byteSize what is to lie there
   * @return the run, which nobody else gets until it is given back
   * @throws CapacityException if there is no room between what is pinned or being filled
   */
  SlabRange reserve(String key, long byteSize) {
    log.drain(this);
    long wanted = SlabArena.taken(byteSize);
    SlabRange range = arena.tryTake(wanted);
    if (range != null) {
      return range;
    }
    long longest = arena.longestRun(wanted, Residents::yields);
    range = longest < wanted ? null : evictFor(table.get(key), wanted);
    if (range == null) {
      throw full(key, byteSize, Math.min(longest, wanted - SlabArena.UNIT));
    }
    return range;
  }

  private CapacityException full(String key, long byteSize, long longest) {
    return new CapacityException(
        ErrorCode.ALLOCATION_FAILED,
        ("no room for value '%s' of %d bytes: of the cache's %d, at most %d in a row are neither"
                + " pinned nor being filled; close pins or make the cache larger")
            .formatted(key, byteSize, capacity, longest),
        byteSize,
        longest);
  }

  private @Nullable SlabRange evictFor(@Nullable CachedValue older, long wanted) {
    if (older == null) {
      return evictUntil(wanted, null);
    }
    policy.withdraw(older.slot);
    SlabRange range = evictUntil(wanted, older);
    if (range == null && arena.byteSizeAround(older.range) >= wanted && older.tryEvict()) {
      evict(older);
      return arena.tryTake(wanted);
    }
    offerIfIdle(older);
    return range;
  }

  /** Evicts by policy until a run is free, or nothing but one value is left to evict. */
  private @Nullable SlabRange evictUntil(long wanted, @Nullable CachedValue kept) {
    boolean lookedAgain = false;
    while (true) {
      int slot = policy.victim();
      if (slot != EvictionPolicy.NONE) {
        CachedValue victim = slots[slot];
        if (victim == null || !victim.tryEvict()) {
          policy.withdraw(slot); // in use; offered anew when its last pin is closed
          continue;
        }
        evict(victim);
        SlabRange range = arena.tryTake(wanted);
        if (range != null) {
          return range;
        }
      } else if (lookedAgain) {
        return null;
      } else {
        lookedAgain = true;
        offerReturning(kept);
      }
    }
  }

  /** Offers values whose last pin is closed, while that has not reached the log yet. */
  private void offerReturning(@Nullable CachedValue kept) {
    for (int slot = 0; slot < slotsUsed; slot++) {
      CachedValue value = slots[slot];
      if (value != null && value != kept) {
        offerIfIdle(value);
      }
    }
  }

  private void evict(CachedValue victim) {
    policy.evicted(victim.slot);
    evictions++;
    table.remove(victim.key, victim);
    freeSlot(victim);
    arena.giveBack(victim.range);
  }

  private static boolean yields(SlabRange range) {
    return range.occupant != null && range.occupant.isIdle();
  }

  /** Gives back a run where nothing came to lie, or what did is dead and not held any more. */
  void giveBack(SlabRange range) {
    arena.giveBack(range);
  }

  /** A run may still be written by a transfer nobody waits for: it is never used again. */
  void giveUp(SlabRange range) {
    lost += range.byteSize;
  }

  // ---- values

  @Nullable CachedValue find(String key) {
    return table.get(key);
  }

  /** Makes the bytes in a run the value of a key; an older one leaves. */
  CachedValue publish(String key, SlabRange range, long byteSize) {
    int slot = takeSlot();
    CachedValue value = new CachedValue(key, range, slot, byteSize, slabAddress + range.offset);
    slots[slot] = value;
    range.occupant = value;
    policy.insert(slot, Hashing.xxh3_64().hashCharsToLong(key), EvictionPolicy.NONE, 0);
    policy.touch(slot);
    policy.offer(slot);
    CachedValue older = table.put(key, value);
    if (older != null) {
      discard(older);
    }
    return value;
  }

  /** Forgets the value of a key; returns whether there was one. */
  boolean remove(String key) {
    CachedValue value = table.remove(key);
    if (value == null) {
      return false;
    }
    discard(value);
    return true;
  }

  void clear() {
    for (String key : List.copyOf(table.keySet())) {
      remove(key);
    }
  }

  private void discard(CachedValue value) {
    policy.remove(value.slot);
    freeSlot(value);
    if (value.die()) {
      arena.giveBack(value.range);
    }
  }

  private int takeSlot() {
    Integer free = freeSlots.pollFirst();
    if (free != null) {
      return free;
    }
    if (slotsUsed == slots.length) {
      slots = Arrays.copyOf(slots, 2 * slotsUsed);
      policy.grow(slots.length);
    }
    return slotsUsed++;
  }

  private void freeSlot(CachedValue value) {
    slots[value.slot] = null;
    freeSlots.addFirst(value.slot);
  }

  // ---- what the log tells

  @Nullable CachedValue at(int slot) {
    return slot < slots.length ? slots[slot] : null;
  }

  void used(CachedValue value) {
    policy.touch(value.slot);
  }

  /**
   * A value was used or let go.
   *
   * @param value may have left meanwhile
   * @param tell whether the policy is told of the use here
   */
  void noted(CachedValue value, boolean tell) {
    if (slots[value.slot] != value) {
      return;
    }
    if (tell) {
      policy.touch(value.slot);
    }
    offerIfIdle(value);
  }

  private void offerIfIdle(CachedValue value) {
    if (value.isIdle()) {
      policy.offer(value.slot);
    }
  }
}
