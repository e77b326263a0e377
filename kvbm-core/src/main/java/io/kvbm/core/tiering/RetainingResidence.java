package io.kvbm.core.tiering;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.core.onboard.Residence;
import io.kvbm.core.retention.Retention;
import io.kvbm.core.tier.LocatedBlock;
import java.util.List;

/** The residence of tiers in which pinned and leased blocks stay when they are brought up. */
final class RetainingResidence implements Residence {

  private final Residence inner;
  private final Retention retention;

  RetainingResidence(Residence inner, Retention retention) {
    this.inner = inner;
    this.retention = retention;
  }

  @Override
  public List<LocatedBlock> match(List<BlockKey> keys) {
    return inner.match(keys);
  }

  @Override
  public boolean contains(BlockKey key) {
    return inner.contains(key);
  }

  /** Takes the block out itself, in one step with the question whether somebody keeps it. */
  @Override
  public boolean leaves(int tier, ImmutableBlock block) {
    if (inner.leaves(tier, block)) {
      retention.removeUnlessKept(tier, block.key(), inner::beforeLeaving);
    }
    return false;
  }

  @Override
  public void beforeLeaving() {
    inner.beforeLeaving();
  }
}
