package io.kvbm.core.event;

import io.kvbm.api.event.BlockEvent;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The latest events, numbered from 0. Not thread safe. */
final class EventRing {

  private final @Nullable BlockEvent[] events;
  private long next;

  EventRing(int capacity) {
    events = new BlockEvent[capacity];
  }

  void append(EventBatch.Draft draft) {
    events[index(next)] = draft.number(next);
    next++;
  }

  /** Returns the number of the event that comes next. */
  long next() {
    return next;
  }

  /** Returns the number of the oldest event kept. */
  long oldest() {
    return Math.max(0, next - events.length);
  }

  /** Returns up to {@code limit} events from a number on that is not below the oldest. */
  List<BlockEvent> read(long from, int limit) {
    List<BlockEvent> read = new ArrayList<>();
    for (long number = from; number < next && read.size() < limit; number++) {
      BlockEvent event = events[index(number)];
      if (event != null) {
        read.add(event);
      }
    }
    return read;
  }

  private int index(long number) {
    return (int) (number % events.length);
  }
}
