package io.kvbm.core.onboard;

import io.kvbm.api.block.ImmutableBlock;
import java.util.List;
import java.util.Map;

/**
 * What was brought up of a sequence.
 *
 * @param blocks its longest prefix in the top tier, in order; the caller closes each
 * @param sources the index of the tier each of them was in, 0 for those that were in the top one,
 *     the number of tiers for those that none had and another worker or its store gave
 * @param missing one reason for each other key, in order
 * @param hits how many of the blocks came from each tier, by tier name
 */
public record OnboardResult(
    List<ImmutableBlock> blocks,
    List<Integer> sources,
    List<Missing> missing,
    Map<String, Integer> hits) {

  /** Copies the lists. */
  public OnboardResult {
    blocks = List.copyOf(blocks);
    sources = List.copyOf(sources);
    missing = List.copyOf(missing);
    hits = Map.copyOf(hits);
  }
}
