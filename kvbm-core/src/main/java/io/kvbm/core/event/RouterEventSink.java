package io.kvbm.core.event;

/** Takes events of a {@link RouterEventLog}. Threading: calls come one at a time. */
@FunctionalInterface
public interface RouterEventSink {

  /**
   * Takes an event; the numbers rise by 1, but after {@link #lost}.
   *
   * @param event what happened
   */
  void publish(RouterEvent event);

  /**
   * The subscriber was too slow: it needs a {@link RouterEventLog#snapshot()}, of whose number on
   * it uses the events that follow here. The next one is {@code gap.oldest()}.
   *
   * @param gap what is gone
   */
  default void lost(Replay.Gap gap) {}
}
