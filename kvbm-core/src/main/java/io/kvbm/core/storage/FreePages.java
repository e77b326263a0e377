package io.kvbm.core.storage;

import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/** Runs of free pages, neighbours joined. First fit. For one thread at a time. */
final class FreePages {

  private final TreeMap<Long, Long> lengths = new TreeMap<>();
  private long count;

  FreePages(long pages) {
    lengths.put(0L, pages);
    count = pages;
  }

  /** {@return how many pages are free} */
  long count() {
    return count;
  }

  /** {@return the length of the longest run, in pages} */
  long longestRun() {
    return lengths.values().stream().mapToLong(Long::longValue).max().orElse(0);
  }

  /**
   * Takes a run.
   *
   * @param pages how many
   * @param alignment its first page plus {@code phase} is a multiple of this, in pages
   * @param phase added before alignment is checked
   * @return its first page, or empty if no free run holds it
   */
  OptionalLong tryTake(long pages, long alignment, long phase) {
    for (Map.Entry<Long, Long> run : lengths.entrySet()) {
      long start = run.getKey();
      long first = Math.ceilDiv(start + phase, alignment) * alignment - phase;
      long end = start + run.getValue();
      if (first <= end - pages) {
        lengths.remove(start);
        keep(start, first);
        keep(first + pages, end);
        count -= pages;
        return OptionalLong.of(first);
      }
    }
    return OptionalLong.empty();
  }

  private void keep(long start, long end) {
    if (start < end) {
      lengths.put(start, end - start);
    }
  }

  /** Gives a run back that was taken. */
  void giveBack(long first, long pages) {
    long start = first;
    long end = first + pages;
    Map.Entry<Long, Long> before = lengths.floorEntry(first);
    if (before != null && before.getKey() + before.getValue() == first) {
      start = before.getKey();
    }
    Long after = lengths.remove(end);
    if (after != null) {
      end += after;
    }
    lengths.put(start, end - start);
    count += pages;
  }
}
