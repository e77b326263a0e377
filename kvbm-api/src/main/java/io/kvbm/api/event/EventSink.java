package io.kvbm.api.event;

import io.kvbm.api.Stability;

/**
 * Takes block events, for instance to publish them. Threading: calls come one at a time, in order
 * of sequence.
 */
@Stability(Stability.Level.STABLE)
@FunctionalInterface
public interface EventSink {

  /**
   * Takes an event; does not block.
   *
   * @param event what happened
   */
  void publish(BlockEvent event);
}
