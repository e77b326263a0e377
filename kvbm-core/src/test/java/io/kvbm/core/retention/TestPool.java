package io.kvbm.core.retention;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.pool.ContentListener;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Real pools without bytes, and blocks in them. */
final class TestPool {

  private TestPool() {}

  static BlockPool of(int blocks) {
    return BlockPool.builder().name("test").logical(shape(blocks)).build();
  }

  static BlockPool of(int blocks, ContentListener content) {
    return BlockPool.builder().name("test").logical(shape(blocks)).content(content).build();
  }

  /** Registers a chain and returns its blocks to the pool. */
  static List<BlockKey> chain(BlockPool pool, long... numbers) {
    List<ImmutableBlock> blocks = new ArrayList<>();
    BlockKey parent = null;
    for (long n : numbers) {
      blocks.add(register(pool, key(n), parent));
      parent = key(n);
    }
    BlockPool.closeAll(blocks);
    return keys(numbers);
  }

  static ImmutableBlock register(BlockPool pool, BlockKey key, @Nullable BlockKey parent) {
    return pool.allocateBlocks(1).getFirst().complete(key, parent).register();
  }

  /** Takes as many empty blocks as can be had and gives them back: all that may go is evicted. */
  static void evictAll(BlockPool pool) {
    List<MutableBlock> taken = new ArrayList<>();
    while (pool.tryAllocateBlocks(1).map(taken::addAll).isPresent()) {
      // until nothing more can be had
    }
    BlockPool.closeAll(taken);
  }

  static BlockKey key(long n) {
    return BlockKey.derived(n);
  }

  static List<BlockKey> keys(long... numbers) {
    return LongStream.of(numbers).mapToObj(TestPool::key).toList();
  }

  private static LayoutConfig shape(int blocks) {
    return new LayoutConfig(blocks, 1, 1, 4, 8, DType.FP16, 1);
  }
}
