package io.kvbm.core.remote;

import io.kvbm.api.block.CompleteBlock;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.tiering.TieringEngine;
import io.kvbm.core.transfer.BlockPlace;
import java.util.List;

/**
 * Where fetched blocks go: the highest tier whose bytes the CPU can check.
 *
 * @param tiering has the tier
 * @param index of the tier
 */
record FetchTarget(TieringEngine tiering, int index) {

  /** {@return the target; its index is -1 where no tier is in host memory} */
  static FetchTarget of(TieringEngine tiering) {
    for (int i = 0; i < tiering.tiers().size(); i++) {
      boolean isHost =
          tiering
              .tiers()
              .get(i)
              .pool()
              .layout()
              .map(layout -> layout.storage(0).isHostAccessible())
              .orElse(false);
      if (isHost) {
        return new FetchTarget(tiering, i);
      }
    }
    return new FetchTarget(tiering, -1);
  }

  Tier tier() {
    return tiering.tiers().get(index);
  }

  BlockPlace place() {
    return tier().place();
  }

  List<ImmutableBlock> register(List<CompleteBlock> blocks) {
    return tiering.registerFetched(index, blocks);
  }
}
