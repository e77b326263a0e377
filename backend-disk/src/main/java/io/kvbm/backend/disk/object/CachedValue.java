package io.kvbm.backend.disk.object;

import java.lang.foreign.MemorySegment;

/** A value in memory, shared by the cache and those who read it; freed by the last of them. */
final class CachedValue {

  private final MemorySegment bytes;
  private final Runnable free;
  private int holders = 1;

  CachedValue(MemorySegment bytes, Runnable free) {
    this.bytes = bytes;
    this.free = free;
  }

  MemorySegment bytes() {
    return bytes;
  }

  long byteSize() {
    return bytes.byteSize();
  }

  /** {@return whether it could be held; it must be released} */
  synchronized boolean hold() {
    if (holders == 0) {
      return false;
    }
    holders++;
    return true;
  }

  void release() {
    boolean last;
    synchronized (this) {
      last = --holders == 0;
    }
    if (last) {
      free.run();
    }
  }
}
