package io.kvbm.api.block;

/** What a logical block of a leader stands for on its workers. */
public enum BlockParallelismStrategy {
  /**
   * One shard on each worker; a transfer completes when every shard has, and fails when one does.
   */
  LEADER_WORKER_SHARDED
}
