package io.kvbm.core.pool;

import io.kvbm.api.block.BlockKey;
import java.util.List;

/**
 * What became of blocks that were to be reset.
 *
 * @param reset blocks whose content was dropped
 * @param notFound keys that are not registered
 * @param notReset blocks that are in use, or whose children are resident
 */
public record ResetReport(List<BlockKey> reset, List<BlockKey> notFound, List<BlockKey> notReset) {
  /** Copies the lists. */
  public ResetReport {
    reset = List.copyOf(reset);
    notFound = List.copyOf(notFound);
    notReset = List.copyOf(notReset);
  }
}
