package io.kvbm.core.pool;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A count that changes under the pool's lock and is read from any thread; changing it costs no
 * fence.
 */
final class LockedCount {

  private static final VarHandle VALUE;

  static {
    try {
      VALUE = MethodHandles.lookup().findVarHandle(LockedCount.class, "value", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private long value;

  /** Under the lock. */
  void add(long amount) {
    set(value + amount);
  }

  /** Under the lock. */
  void set(long count) {
    VALUE.setRelease(this, count);
  }

  long value() {
    return (long) VALUE.getAcquire(this);
  }
}
