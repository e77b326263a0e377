package io.kvbm.api.event;

/**
 * Takes block events, for instance to publish them. Threading: calls come one at a time, in order
 * of sequence.
 */
@FunctionalInterface
public interface EventSink {

  /**
   * Takes an event; does not block.
   *
   * @param event what happened
   */
  void publish(BlockEvent event);
}
