package org.example.embedding;

import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.config.KvManagerModelConfig;
import io.kvbm.api.hash.CacheSalt;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tokens.TokenBlock;
import io.kvbm.core.tokens.TokenBlockSequence;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Two prompts with a common beginning: the second finds what the first left. */
public final class CachedPrompts {

  private CachedPrompts() {}

  /** Runs both prompts. */
  public static void main(String[] arguments) {
    try (Platform platform = Platform.load();
        KvBlockManager manager = KvBlockManager.create(config(platform), platform)) {
      int[] first = IntStream.range(0, 64).toArray();
      int[] second = IntStream.range(0, 64).map(i -> i < 48 ? i : -i).toArray();
      serve("first", first, manager);
      serve("second", second, manager);
    }
  }

  private static KvBlockManagerConfig config(Platform platform) {
    return KvBlockManagerConfig.builder()
        .model(KvManagerModelConfig.builder().numLayers(4).pageSize(16).innerDim(128).build())
        .hostLayout(
            KvManagerLayoutConfig.builder()
                .numBlocks(100)
                .allocator(platform.allocator("system"))
                .build())
        .build();
  }

  private static void serve(String name, int[] promptTokens, KvBlockManager manager) {
    BlockPool pool = manager.host().orElseThrow();
    TokenBlockSequence sequence =
        new TokenBlockSequence(manager.blockSize(), CacheSalt.NONE, manager.hashScheme());
    sequence.append(promptTokens);

    List<ImmutableBlock> blocks = new ArrayList<>(pool.matchBlocks(sequence.keys()));
    try {
      int found = blocks.size();
      List<TokenBlock> all = sequence.blocks();
      for (TokenBlock missing : all.subList(found, all.size())) {
        MutableBlock block = pool.allocateBlocks(1).getFirst();
        compute(missing, block.blockViewMut().segment());
        blocks.add(block.complete(missing.key(), missing.parentKey().orElse(null)).register());
      }
      System.out.printf(
          "%s prompt: %d blocks found, %d computed%n", name, found, all.size() - found);
      // … decode with these blocks; while they are open nothing evicts them …
    } finally {
      BlockPool.closeAll(blocks);
    }
  }

  /** Stands for the model. */
  private static void compute(TokenBlock block, MemorySegment target) {
    target.fill((byte) block.key().lo());
  }
}
