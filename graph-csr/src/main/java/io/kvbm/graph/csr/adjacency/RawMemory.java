package io.kvbm.graph.csr.adjacency;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Reads memory by its address, without bounds. A wrong address ends the JVM: only rows whose
 * offsets and ids were verified are read this way. Loops that leave early run at half the speed
 * where every access goes through a segment of its own.
 */
public final class RawMemory {

  @SuppressWarnings("restricted") // the module is opened to native access by its launcher
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private RawMemory() {}

  /**
   * {@return the four bytes at an address, in this machine's order}
   *
   * @param address of memory that is alive and verified
   */
  public static int getInt(long address) {
    return ALL.get(ValueLayout.JAVA_INT_UNALIGNED, address);
  }

  /** Copies ids out of memory. */
  static void copy(long address, int[] target, int count) {
    MemorySegment.copy(ALL, ValueLayout.JAVA_INT_UNALIGNED, address, target, 0, count);
  }
}
