package io.kvbm.core.retention;

import io.kvbm.api.block.BlockKey;
import java.util.List;

/**
 * A prefix of a sequence that was found and stays where it is until its lease ends.
 *
 * @param keys its blocks, in order
 * @param tiers the index of the tier of each, 0 the fastest
 * @param lease keeps them; the caller closes it, or lets it run out
 */
public record LeasedPrefix(List<BlockKey> keys, List<Integer> tiers, Lease lease) {
  /** Copies the lists. */
  public LeasedPrefix {
    keys = List.copyOf(keys);
    tiers = List.copyOf(tiers);
  }
}
