package io.kvbm.core.pool;

import java.lang.foreign.MemorySegment;

/** Broken: makes memory of a number. */
final class Pointer {
  MemorySegment at(long address) {
    return MemorySegment.ofAddress(address).reinterpret(8);
  }
}
