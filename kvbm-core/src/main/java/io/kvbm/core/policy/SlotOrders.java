package io.kvbm.core.policy;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import java.util.Arrays;

/**
 * Which slots of a policy are resident, and in which order they came or were last renewed. No two
 * slots have the same order. Not thread safe.
 */
final class SlotOrders {

  /** Order of a slot without a block. */
  private static final long ABSENT = 0;

  private final String policy;
  private long[] orders;
  private long latest = ABSENT;
  private int residentCount;

  /**
   * @param policy the policy's name, for messages
   * @param capacity its slots
   */
  SlotOrders(String policy, int capacity) {
    this.policy = policy;
    orders = new long[capacity];
  }

  int capacity() {
    return orders.length;
  }

  int residentCount() {
    return residentCount;
  }

  /** Returns the order of a resident slot, above 0. */
  long of(int slot) {
    return orders[slot];
  }

  /** Returns whether the slot is resident; false also for what is no slot. */
  boolean isResident(int slot) {
    return slot >= 0 && slot < orders.length && orders[slot] != ABSENT;
  }

  /** Makes room for more slots, or throws {@link CallerException} if there would be fewer. */
  void grow(int capacity) {
    if (capacity < orders.length) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "eviction policy %s has %d slots and cannot shrink to %d"
              .formatted(policy, orders.length, capacity));
    }
    orders = Arrays.copyOf(orders, capacity);
  }

  /** Makes a slot resident as the newest, or throws {@link CallerException} if it is resident. */
  void enter(int slot) {
    requireInRange(slot);
    if (orders[slot] != ABSENT) {
      throw new CallerException(
          ErrorCode.BLOCK_STATE_INVALID,
          "slot %d is resident already: evict or remove it first".formatted(slot));
    }
    orders[slot] = ++latest;
    residentCount++;
  }

  /** Makes a resident slot the newest and returns its new order. */
  long renew(int slot) {
    orders[slot] = ++latest;
    return latest;
  }

  /** Forgets a resident slot. */
  void leave(int slot) {
    orders[slot] = ABSENT;
    residentCount--;
  }

  /** Throws {@link CallerException} if the slot is not resident. */
  void requireResident(int slot) {
    requireInRange(slot);
    if (orders[slot] == ABSENT) {
      throw new CallerException(
          ErrorCode.BLOCK_STATE_INVALID,
          "slot %d is not resident: insert it first".formatted(slot));
    }
  }

  private void requireInRange(int slot) {
    if (slot < 0 || slot >= orders.length) {
      throw new CallerException(
          ErrorCode.INVALID_BLOCK_INDEX,
          "slot %d is not below the %d slots of eviction policy %s"
              .formatted(slot, orders.length, policy));
    }
  }
}
