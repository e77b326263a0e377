package io.kvbm.cli.replay;

import io.kvbm.api.block.Block;
import io.kvbm.api.block.BlockKey;
import java.util.List;

/** Makes the bytes of blocks of the top tier, and compares them when they come back. */
interface TopBlocks {

  /** Fills blocks, each as its key says. */
  void fill(List<? extends Block> blocks, List<BlockKey> keys);

  /** {@return the indexes of the blocks that hold anything else than their keys say, rising} */
  List<Integer> wrong(List<? extends Block> blocks, List<BlockKey> keys);
}
