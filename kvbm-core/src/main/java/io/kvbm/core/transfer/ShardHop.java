package io.kvbm.core.transfer;

import java.util.List;

/** Moves blocks without bytes of their own, by their shards on workers. */
record ShardHop(ShardCopies workers, int source, int target, long blockByteSize) implements Hop {

  @Override
  public String mover() {
    return "shard workers";
  }

  @Override
  public long byteSize(BlockMove move) {
    return blockByteSize;
  }

  /** Only the workers know how large their shards are. */
  @Override
  public boolean isByteSizeKnown() {
    return false;
  }

  @Override
  public void start(List<BlockMove> moves, HopReport report) {
    report.handedOver(null);
    workers.move(source, target, moves, report.deadlineNanos(), report);
  }
}
