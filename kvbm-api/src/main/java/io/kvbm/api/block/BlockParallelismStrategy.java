package io.kvbm.api.block;

import io.kvbm.api.Stability;

/** What a logical block of a leader stands for on its workers. */
@Stability(Stability.Level.STABLE)
public enum BlockParallelismStrategy {
  /**
   * One shard on each worker; a transfer completes when every shard has, and fails when one does.
   */
  LEADER_WORKER_SHARDED
}
