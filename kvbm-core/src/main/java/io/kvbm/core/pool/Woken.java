package io.kvbm.core.pool;

import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The unused blocks that one call took into use, told to their metadata and to the shared counter when the call ends. A
 * use is an atomic step, at which the processor waits for the memory of every write before it; so these come after all.
 */
final class Woken {

  private final @Nullable Slot[] slots;
  private int count;

  /**
   * @param slots room for one entry a block asked for; may be the array of the look-ups, since the entry of a block is
   *     read before one more is added
   */
  Woken(@Nullable Slot[] slots) {
    this.slots = slots;
  }

  void add(Slot slot) {
    slots[count++] = slot;
  }

  /** The caller still holds a use of each. */
  void settle(long tick, LongAdder inactive) {
    for (int i = 0; i < count; i++) {
      slots[i].metadata.onAcquired(tick);
    }
    if (count > 0) {
      inactive.add(-count);
    }
  }
}
