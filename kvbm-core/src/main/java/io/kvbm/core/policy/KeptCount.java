package io.kvbm.core.policy;

/**
 * How many blocks a tier keeps: all slots at first, then what is left after evictions. A tier that
 * holds more than it keeps while a request is served is thus not taken for larger, nor one that
 * made room for many blocks at once for much smaller. Not thread safe.
 */
final class KeptCount {

  /** Of what a tier seems to have become smaller, an eighth is believed at a time. */
  private static final int SETTLING = 8;

  private int capacity;
  private int count;
  private boolean evictedLast;

  KeptCount(int capacity) {
    this.capacity = capacity;
    count = capacity;
  }

  void grow(int newCapacity) {
    if (count == capacity) {
      count = newCapacity; // nothing has been evicted yet
    }
    capacity = newCapacity;
  }

  /** A block was evicted. */
  void evicted() {
    evictedLast = true;
  }

  /** A block comes to so many. */
  void inserting(int residentCount) {
    if (evictedLast) {
      evictedLast = false;
      int excess = count - residentCount;
      count -= excess > 0 ? Math.ceilDiv(excess, SETTLING) : excess;
    }
  }

  /** {@return how many blocks the tier keeps} */
  int get() {
    return count;
  }
}
