package io.kvbm.cli.replay;

import io.kvbm.api.block.Block;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.core.Platform;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.transfer.BlockMove;
import io.kvbm.core.transfer.BlockPlace;
import io.kvbm.core.transfer.TransferOptions;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Writes and reads the bytes of blocks of the top tier: in place where the CPU reaches them,
 * otherwise through a staging area in host memory, by the transfers any engine would use.
 */
final class TopTier implements TopBlocks, AutoCloseable {

  private static final int STAGED_BLOCKS = 64;

  private final Platform platform;
  private final Tier tier;
  private final boolean direct;
  private final @Nullable Storage stagingStorage;
  private final @Nullable Layout staging;

  TopTier(Platform platform, Tier tier) {
    this.platform = platform;
    this.tier = tier;
    this.direct =
        tier.pool()
            .layout()
            .map(layout -> layout.isBlockContiguous() && layout.storage(0).isHostAccessible())
            .orElse(false);
    if (direct) {
      stagingStorage = null;
      staging = null;
    } else {
      LayoutConfig shape =
          tier.pool().shape().toBuilder().numBlocks(STAGED_BLOCKS).alignment(4096).build();
      long byteSize =
          platform.layout(LayoutType.FULLY_CONTIGUOUS).storageByteSizes(shape).getFirst();
      Storage storage = platform.allocator("system").allocate(byteSize);
      stagingStorage = storage;
      staging = platform.layout(LayoutType.FULLY_CONTIGUOUS).bind(shape, List.of(storage));
    }
  }

  /** {@return whether the CPU reaches the blocks, so that no transfer is needed} */
  boolean isDirect() {
    return direct;
  }

  /** Works on the bytes of one block. */
  @FunctionalInterface
  interface Work {
    void accept(int index, MemorySegment bytes);
  }

  @Override
  public void fill(List<? extends Block> blocks, List<BlockKey> keys) {
    write(blocks, keys, (index, bytes) -> BlockContent.fill(bytes, keys.get(index).lo()));
  }

  @Override
  public List<Integer> wrong(List<? extends Block> blocks, List<BlockKey> keys) {
    List<Integer> wrong = new ArrayList<>();
    read(
        blocks,
        keys,
        (index, bytes) -> {
          if (!BlockContent.matches(bytes, keys.get(index).lo())) {
            wrong.add(index);
          }
        });
    return wrong;
  }

  /** Lets {@code work} write each block. */
  void write(List<? extends Block> blocks, List<BlockKey> keys, Work work) {
    if (direct) {
      for (int i = 0; i < blocks.size(); i++) {
        work.accept(i, inPlace(blocks.get(i)));
      }
      return;
    }
    for (int from = 0; from < blocks.size(); from += STAGED_BLOCKS) {
      int count = Math.min(STAGED_BLOCKS, blocks.size() - from);
      List<BlockMove> moves = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        Block block = blocks.get(from + i);
        work.accept(from + i, staged(i));
        moves.add(
            new BlockMove(
                i,
                block.blockId(),
                keys.get(from + i),
                null,
                0,
                tier.pool().generation(block),
                block.metadata().priority()));
      }
      await(stagingPlace(), tier.place(), moves);
    }
  }

  /** Lets {@code work} look at each block. */
  void read(List<? extends Block> blocks, List<BlockKey> keys, Work work) {
    if (direct) {
      for (int i = 0; i < blocks.size(); i++) {
        work.accept(i, inPlace(blocks.get(i)));
      }
      return;
    }
    for (int from = 0; from < blocks.size(); from += STAGED_BLOCKS) {
      int count = Math.min(STAGED_BLOCKS, blocks.size() - from);
      List<BlockMove> moves = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        Block block = blocks.get(from + i);
        moves.add(
            new BlockMove(
                block.blockId(),
                i,
                keys.get(from + i),
                null,
                tier.pool().generation(block),
                0,
                block.metadata().priority()));
      }
      await(tier.place(), stagingPlace(), moves);
      for (int i = 0; i < count; i++) {
        work.accept(from + i, staged(i));
      }
    }
  }

  private void await(BlockPlace source, BlockPlace target, List<BlockMove> moves) {
    for (BlockOutcome outcome :
        platform.transfers().submit(source, target, moves, TransferOptions.DEFAULT).await()) {
      if (outcome instanceof BlockOutcome.Failed failed) {
        throw failed.cause();
      }
    }
  }

  private BlockPlace stagingPlace() {
    return new BlockPlace.LaidOut(Objects.requireNonNull(staging));
  }

  private MemorySegment staged(int index) {
    Layout layout = Objects.requireNonNull(staging);
    return layout
        .storage(0)
        .mutableView()
        .asSlice(layout.offset(index, 0, 0), layout.blockByteSize());
  }

  /** The block's bytes, also where the handle gives them to read only. */
  private MemorySegment inPlace(Block block) {
    Layout layout = tier.pool().layout().orElseThrow();
    int id = block.blockId();
    return layout
        .storage(layout.storageIndex(id, 0, 0))
        .mutableView()
        .asSlice(layout.offset(id, 0, 0), layout.blockByteSize());
  }

  @Override
  public void close() {
    if (stagingStorage != null) {
      stagingStorage.close();
    }
  }
}
