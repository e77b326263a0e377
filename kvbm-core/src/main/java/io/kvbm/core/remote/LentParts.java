package io.kvbm.core.remote;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which tiers are lent, and how.
 *
 * @param lent the indices of the tiers that are
 * @param partOfTier the part of the block set of those that peers read themselves
 * @param stagingPart the part of the staging memory, -1 for none
 * @param staging its slots; null for none
 */
record LentParts(
    Set<Integer> lent,
    Map<Integer, Integer> partOfTier,
    int stagingPart,
    @Nullable Staging staging) {

  boolean isLent(int tier) {
    return lent.contains(tier);
  }

  /** {@return the part of a tier, -1 where peers do not read it} */
  int part(int tier) {
    return partOfTier.getOrDefault(tier, -1);
  }
}
