package io.kvbm.backend.remote.ucx;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A bounded queue without locks, for many threads that add and one that takes. A slot's number says
 * whose turn it is (D. Vyukov's bounded queue).
 */
final class SubmissionRing<T> {

  private static final VarHandle NUMBER = MethodHandles.arrayElementVarHandle(long[].class);
  private static final VarHandle TAIL;

  static {
    try {
      TAIL = MethodHandles.lookup().findVarHandle(SubmissionRing.class, "tail", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final @Nullable Object[] items;
  private final long[] numbers;
  private final int mask;
  private long head;
  private volatile long tail;

  SubmissionRing(int leastCapacity) {
    int capacity = Integer.highestOneBit(Math.max(2, leastCapacity) - 1) << 1;
    items = new @Nullable Object[capacity];
    numbers = new long[capacity];
    mask = capacity - 1;
    for (int i = 0; i < capacity; i++) {
      numbers[i] = i;
    }
  }

  int capacity() {
    return mask + 1;
  }

  /** {@return false if it is full} */
  boolean offer(T item) {
    Objects.requireNonNull(item);
    while (true) {
      long turn = tail;
      int slot = (int) turn & mask;
      long ahead = (long) NUMBER.getAcquire(numbers, slot) - turn;
      if (ahead < 0) {
        return false;
      }
      if (ahead == 0 && TAIL.compareAndSet(this, turn, turn + 1)) {
        items[slot] = item;
        NUMBER.setVolatile(numbers, slot, turn + 1);
        return true;
      }
    }
  }

  /** {@return the oldest, or null if there is none; for one thread} */
  @SuppressWarnings("unchecked")
  @Nullable T poll() {
    int slot = (int) head & mask;
    if ((long) NUMBER.getVolatile(numbers, slot) != head + 1) {
      return null;
    }
    T item = (T) items[slot];
    items[slot] = null;
    NUMBER.setRelease(numbers, slot, head + capacity());
    head++;
    return item;
  }

  /** {@return whether there is none; for the thread that takes} */
  boolean isEmpty() {
    return (long) NUMBER.getVolatile(numbers, (int) head & mask) != head + 1;
  }
}
