package io.kvbm.backend.remote.ucx;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a request's number stands for, and the events that UCX told during progress. They are acted
 * on afterwards, because UCX must not be called from its own callbacks. For the path's thread.
 */
final class UcxSlots implements UcxEvents {

  /** A flush and the writes that wait for it. */
  record Flush(List<UcxCopy> copies) {}

  private static final int FIRST_CAPACITY = 64;

  private @Nullable Object[] owners = new @Nullable Object[FIRST_CAPACITY];
  private int[] free = new int[FIRST_CAPACITY];
  private int freeCount;
  private int used;
  private final Events ended = new Events();
  private final Events failed = new Events();

  /** A queue of pairs of numbers. */
  private static final class Events {

    private long[] values = new long[2 * FIRST_CAPACITY];
    private int head = -2;
    private int tail;

    void add(long first, long second) {
      if (tail == values.length) {
        values = Arrays.copyOf(values, 2 * tail);
      }
      values[tail] = first;
      values[tail + 1] = second;
      tail += 2;
    }

    boolean next() {
      head += 2;
      if (head < tail) {
        return true;
      }
      head = -2;
      tail = 0;
      return false;
    }
  }

  int take(Object owner) {
    int slot;
    if (freeCount > 0) {
      slot = free[--freeCount];
    } else {
      slot = used++;
      if (slot == owners.length) {
        owners = Arrays.copyOf(owners, 2 * slot);
        free = Arrays.copyOf(free, 2 * slot);
      }
    }
    owners[slot] = owner;
    return slot;
  }

  @Override
  public void completed(long slot, int status) {
    ended.add(slot, status);
  }

  /** Puts a request that has no callback because it ended at once with the ended ones. */
  void completeIfImmediate(long pointer, int slot) {
    if (!UcxStatus.isRequest(pointer)) {
      completed(slot, (int) pointer);
    }
  }

  @Override
  public void failed(long peer, int status) {
    failed.add(peer, status);
  }

  /** {@return whether there is another request that ended} */
  boolean nextEnded() {
    return ended.next();
  }

  int endedStatus() {
    return (int) ended.values[ended.head + 1];
  }

  /** {@return whose request ended; its slot is free} */
  Object releaseEnded() {
    int slot = (int) ended.values[ended.head];
    Object owner = Objects.requireNonNull(owners[slot]);
    owners[slot] = null;
    free[freeCount++] = slot;
    return owner;
  }

  boolean nextFailed() {
    return failed.next();
  }

  long failedPeer() {
    return failed.values[failed.head];
  }

  int failedStatus() {
    return (int) failed.values[failed.head + 1];
  }
}
