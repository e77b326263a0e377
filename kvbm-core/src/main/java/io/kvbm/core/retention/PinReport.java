package io.kvbm.core.retention;

import io.kvbm.api.block.BlockKey;
import java.util.List;

/**
 * What was pinned.
 *
 * @param pinned blocks that are pinned now
 * @param absent blocks that the pool does not hold
 */
public record PinReport(List<BlockKey> pinned, List<BlockKey> absent) {
  /** Copies the lists. */
  public PinReport {
    pinned = List.copyOf(pinned);
    absent = List.copyOf(absent);
  }
}
