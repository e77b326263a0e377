package io.kvbm.backend.disk.object;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A value in memory, shared by the cache and those who read it; the last of them gives the memory
 * back. It is empty until it is filled, and may never be.
 */
final class CachedValue {

  /** What a value takes beside its bytes, about. */
  private static final int OVERHEAD = 160;

  private final CacheMemory memory;
  private final long byteSize;
  private final int unitCount;
  private int @Nullable [] units;
  private int holders = 1;

  CachedValue(CacheMemory memory, long byteSize) {
    this.memory = memory;
    this.byteSize = byteSize;
    this.unitCount = CacheMemory.unitsOf(byteSize);
  }

  /** {@return bytes that it takes when it is filled} */
  long takenByteSize() {
    return (long) unitCount * CacheMemory.UNIT + OVERHEAD;
  }

  /**
   * Takes memory and copies the value into it.
   *
   * @param value of the length told before
   * @return whether there was memory, and somebody still holds the value
   */
  boolean fill(MemorySegment value) {
    int[] taken = memory.take(unitCount);
    if (taken == null) {
      return false;
    }
    memory.write(taken, value);
    synchronized (this) {
      if (holders > 0) {
        units = taken;
        return true;
      }
    }
    memory.giveBack(taken); // it was pushed out meanwhile
    return false;
  }

  /** {@return whether it is filled and could be held; then it must be released} */
  synchronized boolean hold() {
    if (units == null) {
      return false;
    }
    holders++;
    return true;
  }

  /** Copies bytes out; for a holder. */
  void read(long offset, MemorySegment target) {
    int[] taken;
    synchronized (this) {
      taken = units;
    }
    if (taken == null || offset + target.byteSize() > byteSize) {
      throw new IllegalStateException("the value is not held or shorter");
    }
    memory.read(taken, offset, target);
  }

  /** {@return bytes that were given back: those taken if it was filled and this was the last} */
  long release() {
    int[] last;
    synchronized (this) {
      if (--holders > 0) {
        return 0;
      }
      last = units;
      units = null;
    }
    if (last == null) {
      return 0;
    }
    memory.giveBack(last);
    return takenByteSize();
  }
}
