package io.kvbm.api.block;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.util.List;

/**
 * Blocks of one worker and one block set, in order.
 *
 * @param descriptors at least one; all of the same worker and block set
 */
@Stability(Stability.Level.STABLE)
public record BlockDescriptorList(List<BlockDescriptor> descriptors) {

  /** Checks that all blocks come from one set and copies the list. */
  public BlockDescriptorList {
    descriptors = List.copyOf(descriptors);
    if (descriptors.isEmpty()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "a block descriptor list needs at least one block");
    }
    BlockDescriptor first = descriptors.getFirst();
    for (BlockDescriptor other : descriptors) {
      if (other.workerId() != first.workerId() || other.blockSet() != first.blockSet()) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT,
            "a block descriptor list names one worker and one set, got " + first + " and " + other);
      }
    }
  }

  /** {@return the worker that holds the blocks} */
  public long workerId() {
    return descriptors.getFirst().workerId();
  }

  /** {@return which of the worker's block sets} */
  public int blockSet() {
    return descriptors.getFirst().blockSet();
  }
}
