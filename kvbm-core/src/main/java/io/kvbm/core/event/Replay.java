package io.kvbm.core.event;

import java.util.List;

/** What a {@link RouterEventLog} answers to a router that asks for events. */
public sealed interface Replay {

  /**
   * The events from the number asked for on.
   *
   * @param events in order; empty where the router has seen all
   */
  record Events(List<RouterEvent> events) implements Replay {
    /** Copies the list. */
    public Events {
      events = List.copyOf(events);
    }
  }

  /**
   * The event asked for is not kept any more, or this log never had one of its number: go on from a
   * {@link RouterEventLog#snapshot()}.
   *
   * @param requested the number asked for
   * @param oldest the number of the oldest event kept
   * @param next the number of the event that comes next
   */
  record Gap(long requested, long oldest, long next) implements Replay {}
}
