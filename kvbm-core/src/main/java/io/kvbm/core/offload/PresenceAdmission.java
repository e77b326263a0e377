package io.kvbm.core.offload;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.policy.AdmissionPolicy;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.Tier;
import java.util.List;

/** Admits blocks that none of some tiers has. Threading: safe from any thread. */
public final class PresenceAdmission implements AdmissionPolicy {

  private final List<BlockPool> pools;

  /**
   * Creates a policy.
   *
   * @param tiers the target of an edge and the tiers below it; they stay the caller's
   */
  public PresenceAdmission(List<Tier> tiers) {
    pools = tiers.stream().map(Tier::pool).toList();
  }

  @Override
  public boolean admit(BlockKey key, long byteSize, long priority) {
    for (BlockPool pool : pools) {
      if (pool.contains(key)) {
        return false;
      }
    }
    return true;
  }
}
