package io.kvbm.core.cache;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A value in the cache: where it lies and who holds it.
 *
 * <p>One word counts its pins and says whether it is dead, that is evicted, replaced or removed: a
 * dead value gets no more pins, and its bytes are freed by whoever takes the last one, or made it
 * dead where there was none.
 */
final class CachedValue {

  private static final int DEAD = Integer.MIN_VALUE;
  private static final VarHandle PINS;
  private static final VarHandle NOTED;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      PINS = lookup.findVarHandle(CachedValue.class, "pins", int.class);
      NOTED = lookup.findVarHandle(CachedValue.class, "noted", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** What the end of a pin left behind. */
  enum PinEnd {
    /** Others hold it. */
    STILL_PINNED,
    /** It may be evicted. */
    IDLE,
    /** It is dead and nobody holds it: its bytes are to be freed. */
    LAST
  }

  final String key;
  final SlabRange range;

  /** The number the eviction policy knows it by. */
  final int slot;

  final long byteSize;
  final long address;

  /** Made once, so that a hit makes nothing. */
  final OptionalLong pointer;

  /** The next in {@link HitLog}, while noted. */
  @Nullable CachedValue nextNoted;

  /** The last draining of the log in which it was listed; guarded by the cache's lock. */
  long listedIn;

  private volatile int pins;
  private volatile boolean noted;

  CachedValue(String key, SlabRange range, int slot, long byteSize, long address) {
    this.key = key;
    this.range = range;
    this.slot = slot;
    this.byteSize = byteSize;
    this.address = address;
    this.pointer = OptionalLong.of(address);
  }

  /** {@return whether it was pinned; not if it is dead} */
  boolean tryPin() {
    int seen = pins;
    while (seen >= 0) {
      int found = (int) PINS.compareAndExchange(this, seen, seen + 1);
      if (found == seen) {
        return true;
      }
      seen = found;
    }
    return false;
  }

  PinEnd unpin() {
    int left = (int) PINS.getAndAdd(this, -1) - 1;
    return left == 0 ? PinEnd.IDLE : left == DEAD ? PinEnd.LAST : PinEnd.STILL_PINNED;
  }

  /** {@return whether nobody holds it and it is not dead} */
  boolean isIdle() {
    return pins == 0;
  }

  /** Makes it dead unless somebody holds it; returns whether it is now. */
  boolean tryEvict() {
    return PINS.compareAndSet(this, 0, DEAD);
  }

  /** Makes it dead; returns whether nobody holds it, so that its bytes are the caller's to free. */
  boolean die() {
    return (int) PINS.getAndBitwiseOr(this, DEAD) == 0;
  }

  /** {@return whether the caller is the first to note it since {@link #forgetNote}} */
  boolean tryNote() {
    return !noted && NOTED.compareAndSet(this, false, true);
  }

  void forgetNote() {
    noted = false;
  }
}
