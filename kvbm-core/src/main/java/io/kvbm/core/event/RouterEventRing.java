package io.kvbm.core.event;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The latest events, so many and naming so many blocks at most. Not thread safe. */
final class RouterEventRing {

  private final @Nullable RouterEvent[] events;
  private final int maxBlocks;
  private long oldest = 1;
  private long next = 1;
  private int blockCount;

  RouterEventRing(int maxEvents, int maxBlocks) {
    events = new RouterEvent[maxEvents];
    this.maxBlocks = maxBlocks;
  }

  /** Adds the event of number {@link #next()} and drops the oldest where there are too many. */
  void append(RouterEvent event) {
    if (next - oldest == events.length) {
      dropOldest();
    }
    events[index(next)] = event;
    next++;
    blockCount += event.blockCount();
    while (blockCount > maxBlocks) {
      dropOldest();
    }
  }

  long oldest() {
    return oldest;
  }

  long next() {
    return next;
  }

  int blockCount() {
    return blockCount;
  }

  /** Returns up to {@code limit} events from a number on that is not below the oldest. */
  List<RouterEvent> read(long from, int limit) {
    List<RouterEvent> read = new ArrayList<>();
    for (long number = from; number < next && read.size() < limit; number++) {
      read.add(Objects.requireNonNull(events[index(number)]));
    }
    return read;
  }

  private void dropOldest() {
    int index = index(oldest);
    blockCount -= Objects.requireNonNull(events[index]).blockCount();
    events[index] = null;
    oldest++;
  }

  private int index(long number) {
    return (int) (number % events.length);
  }
}
