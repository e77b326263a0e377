package io.kvbm.api.event;

import io.kvbm.api.Stability;
import io.kvbm.api.block.BlockKey;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What routers are told: which blocks a tier of a worker gained or lost. */
@Stability(Stability.Level.STABLE)
public sealed interface BlockEvent {

  /** {@return the tier's storage kind} */
  String tier();

  /** {@return the number of this event in its stream; a gap means events were lost} */
  long sequence();

  /**
   * Blocks became available.
   *
   * @param tier the tier's storage kind
   * @param sequence the number of this event
   * @param parent the block before the first one, or null
   * @param keys the blocks, each following the one before
   */
  record Stored(String tier, long sequence, @Nullable BlockKey parent, List<BlockKey> keys)
      implements BlockEvent {
    /** Copies the list. */
    public Stored {
      keys = List.copyOf(keys);
    }
  }

  /**
   * Blocks are gone.
   *
   * @param tier the tier's storage kind
   * @param sequence the number of this event
   * @param keys the blocks
   */
  record Removed(String tier, long sequence, List<BlockKey> keys) implements BlockEvent {
    /** Copies the list. */
    public Removed {
      keys = List.copyOf(keys);
    }
  }

  /**
   * Everything is gone.
   *
   * @param tier the tier's storage kind
   * @param sequence the number of this event
   */
  record Cleared(String tier, long sequence) implements BlockEvent {}
}
