package io.kvbm.cuda;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Carves a run of bytes into ranges: best fit, and neighbours that are free become one. Threading:
 * safe from any thread.
 */
public final class OffsetAllocator {

  private final long byteSize;

  /** Free ranges: length by offset. */
  private final TreeMap<Long, Long> holes = new TreeMap<>();

  private long freeByteSize;

  /**
   * Creates one with everything free.
   *
   * @param byteSize how much there is to carve, above zero
   */
  public OffsetAllocator(long byteSize) {
    this.byteSize = byteSize;
    this.freeByteSize = byteSize;
    holes.put(0L, byteSize);
  }

  /**
   * A range that is taken.
   *
   * @param offset the first byte, aligned as asked for
   * @param byteSize its length
   */
  public record Range(long offset, long byteSize) {}

  /**
   * Takes a range from the smallest hole in which it fits.
   *
   * @param base the address of byte 0, which the alignment is of
   * @param length how many bytes, above zero
   * @param alignment a power of two
   * @return the range, or empty if no hole is large enough
   */
  public synchronized Optional<Range> take(long base, long length, long alignment) {
    long best = -1;
    long bestSize = Long.MAX_VALUE;
    for (Map.Entry<Long, Long> hole : holes.entrySet()) {
      long size = hole.getValue();
      if (size < bestSize
          && aligned(base, hole.getKey(), alignment) + length <= hole.getKey() + size) {
        best = hole.getKey();
        bestSize = size;
      }
    }
    if (best < 0) {
      return Optional.empty();
    }
    long offset = aligned(base, best, alignment);
    holes.remove(best);
    if (offset > best) {
      holes.put(best, offset - best); // what alignment skips stays free
    }
    long end = offset + length;
    if (end < best + bestSize) {
      holes.put(end, best + bestSize - end);
    }
    freeByteSize -= length;
    return Optional.of(new Range(offset, length));
  }

  private static long aligned(long base, long offset, long alignment) {
    return ((base + offset + alignment - 1) & -alignment) - base;
  }

  /**
   * Gives a range back.
   *
   * @param range as {@link #take} gave it, once
   */
  public synchronized void giveBack(Range range) {
    long from = range.offset();
    long to = from + range.byteSize();
    freeByteSize += to - from;
    Map.Entry<Long, Long> before = holes.floorEntry(from);
    if (before != null && before.getKey() + before.getValue() == from) {
      from = before.getKey();
    }
    Long after = holes.remove(to);
    if (after != null) {
      to += after;
    }
    holes.put(from, to - from);
  }

  /** {@return bytes that nobody has} */
  public synchronized long freeByteSize() {
    return freeByteSize;
  }

  /** {@return whether nobody has anything} */
  public synchronized boolean isEmpty() {
    return freeByteSize == byteSize;
  }
}
