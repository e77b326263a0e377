package io.kvbm.core.pool;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Pools without bytes, and chains of blocks in them. */
final class Pools {

  private Pools() {}

  static LayoutConfig shape(int blocks) {
    return new LayoutConfig(blocks, 1, 1, 4, 8, DType.FP16, 1);
  }

  static BlockPool ofSize(int blocks) {
    return ofSize(blocks, builder -> builder);
  }

  static BlockPool ofSize(int blocks, UnaryOperator<BlockPoolBuilder> more) {
    return more.apply(
            BlockPool.builder().name("test").logical(shape(blocks)).detectLeaks(FailOnLeak::report))
        .build();
  }

  static BlockKey key(long n) {
    return BlockKey.derived(n);
  }

  static List<BlockKey> keys(long... numbers) {
    List<BlockKey> keys = new ArrayList<>();
    for (long n : numbers) {
      keys.add(key(n));
    }
    return keys;
  }

  /** Registers one block. */
  static ImmutableBlock register(BlockPool pool, BlockKey key, BlockKey parent) {
    MutableBlock block = pool.allocateBlocks(1).getFirst();
    return block.complete(key, parent).register();
  }

  /** Registers a chain, each block the parent of the next. */
  static List<ImmutableBlock> chain(BlockPool pool, List<BlockKey> keys) {
    List<ImmutableBlock> blocks = new ArrayList<>();
    BlockKey parent = null;
    for (BlockKey key : keys) {
      blocks.add(register(pool, key, parent));
      parent = key;
    }
    return blocks;
  }

  /** Registers a chain and returns its blocks to the pool, children first. */
  static List<BlockKey> inactiveChain(BlockPool pool, long... numbers) {
    List<BlockKey> keys = keys(numbers);
    BlockPool.closeAll(chain(pool, keys));
    return keys;
  }

  /** How long a prefix is found. */
  static int matchLength(BlockPool pool, List<BlockKey> keys) {
    List<ImmutableBlock> found = pool.matchBlocks(keys);
    BlockPool.closeAll(found);
    return found.size();
  }

  static int[] ids(List<ImmutableBlock> blocks) {
    return blocks.stream().mapToInt(ImmutableBlock::blockId).toArray();
  }
}
