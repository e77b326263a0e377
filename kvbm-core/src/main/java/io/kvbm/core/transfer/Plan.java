package io.kvbm.core.transfer;

import io.kvbm.api.transfer.BlockOutcome;
import java.util.function.Consumer;
import java.util.function.Function;

/** How the blocks of a transfer go from source to target. Stateless. */
sealed interface Plan {

  /**
   * Starts a batch.
   *
   * @param ended told one outcome per block of the batch, once, after it drained
   */
  void start(Batch batch, Consumer<BlockOutcome[]> ended);

  /** {@return bytes of the block of a move} */
  long byteSize(BlockMove move);

  /** In one hop. */
  record Direct(Hop hop) implements Plan {
    @Override
    public void start(Batch batch, Consumer<BlockOutcome[]> ended) {
      HopReport.start(hop, batch.moves(), batch, ended);
    }

    @Override
    public long byteSize(BlockMove move) {
      return hop.byteSize(move);
    }
  }

  /**
   * In two hops by host memory.
   *
   * @param into the first hop, given where in host memory the blocks go
   * @param outOf the second hop, given where in host memory the blocks are
   * @param buffers host memory
   * @param blockByteSize bytes of a block; the last one may be shorter
   * @param regions regions of a block
   */
  record Bounced(
      Function<Extent, Hop> into,
      Function<Extent, Hop> outOf,
      BounceBuffers buffers,
      long blockByteSize,
      int regions)
      implements Plan {
    @Override
    public void start(Batch batch, Consumer<BlockOutcome[]> ended) {
      BouncedRun.start(this, batch, ended);
    }

    @Override
    public long byteSize(BlockMove move) {
      return blockByteSize;
    }
  }
}
