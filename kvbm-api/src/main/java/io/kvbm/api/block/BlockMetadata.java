package io.kvbm.api.block;

import io.kvbm.api.Stability;
import java.util.OptionalLong;

/**
 * What a user keeps with a block; it travels through registration, offload and onboard.
 *
 * @implSpec called from any thread, also concurrently, and on the hot path: be quick, do not block,
 *     do not throw. Ticks are a pool's logical time and never run backwards in one pool; copies of
 *     a block in several tiers share their metadata, which hears of the use of each. So {@link
 *     #reset} leaves this object as it is.
 */
@Stability(Stability.Level.STABLE)
public interface BlockMetadata {

  /**
   * The block went into use.
   *
   * @param tick the pool's logical time
   */
  default void onAcquired(long tick) {}

  /**
   * The last user returned the block.
   *
   * @param tick the pool's logical time
   */
  default void onReturned(long tick) {}

  /** {@return fresh metadata for a block whose content is gone} */
  BlockMetadata reset();

  /** {@return the priority in offload queues, higher first; empty keeps the queue's default} */
  default OptionalLong offloadPriority() {
    return OptionalLong.empty();
  }

  /** {@return the priority against eviction: lower is evicted first} */
  default int priority() {
    return 0;
  }
}
