package io.kvbm.core.tokens;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.hash.MultimodalRun;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The multimodal runs of one sequence, in order and apart. For one thread. */
final class MultimodalRuns {

  private final List<MultimodalRun> runs = new ArrayList<>();

  /**
   * {@return runs that came with the tokens from {@code start} to {@code end}, checked and in
   * order}
   */
  static List<MultimodalRun> check(List<MultimodalRun> runs, long start, long end) {
    List<MultimodalRun> sorted = new ArrayList<>(runs);
    sorted.sort(Comparator.comparingLong(MultimodalRun::offset));
    long free = start;
    for (MultimodalRun run : sorted) {
      if (run.length() <= 0) {
        throw invalid("EmptyRun", run, "has no placeholders");
      }
      if (run.offset() > Long.MAX_VALUE - run.length()) {
        throw invalid("OffsetOverflow", run, "ends beyond 2^63-1");
      }
      if (run.offset() < start || run.offset() + run.length() > end) {
        throw invalid(
            "OutOfBounds", run, "leaves the tokens from " + start + " to " + end + " it came with");
      }
      if (run.offset() < free) {
        throw invalid("Overlapping", run, "starts before the run ahead of it ends at " + free);
      }
      free = run.offset() + run.length();
    }
    return sorted;
  }

  void addAll(List<MultimodalRun> checked) {
    runs.addAll(checked);
  }

  /** {@return the runs that reach into the tokens from {@code start} to {@code end}} */
  List<MultimodalRun> within(long start, long end) {
    int last = runs.size();
    while (last > 0 && runs.get(last - 1).offset() >= end) {
      last--;
    }
    int first = last;
    while (first > 0 && end(runs.get(first - 1)) > start) {
      first--;
    }
    return runs.subList(first, last);
  }

  /** Forgets what lies at or behind {@code end}; a run across it is shortened. */
  void truncate(long end) {
    while (!runs.isEmpty() && end(runs.getLast()) > end) {
      MultimodalRun cut = runs.removeLast();
      if (cut.offset() < end) {
        runs.add(new MultimodalRun(cut.offset(), end - cut.offset(), cut.contentHash()));
      }
    }
  }

  List<MultimodalRun> asList() {
    return List.copyOf(runs);
  }

  private static long end(MultimodalRun run) {
    return run.offset() + run.length();
  }

  private static CallerException invalid(String rule, MultimodalRun run, String what) {
    return new CallerException(
        ErrorCode.INVALID_ARGUMENT,
        "%s: multimodal run of %d at offset %d %s"
            .formatted(rule, run.length(), run.offset(), what));
  }
}
