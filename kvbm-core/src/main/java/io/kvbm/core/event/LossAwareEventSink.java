package io.kvbm.core.event;

import io.kvbm.api.event.EventSink;

/** A sink that is told when it was too slow and events are gone for it. */
public interface LossAwareEventSink extends EventSink {

  /**
   * Events are gone; the next one published has the number {@code firstSequence + count}.
   *
   * @param firstSequence number of the first one
   * @param count how many
   */
  void lost(long firstSequence, long count);
}
