package io.kvbm.core.remote;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.Block;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.block.RemoteBlock;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.transfer.TransferHandle;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.transfer.BlockMove;
import io.kvbm.core.transfer.BlockPlace;
import io.kvbm.core.transfer.TransferEngine;
import io.kvbm.core.transfer.TransferOptions;
import java.util.ArrayList;
import java.util.List;

/** Moves blocks between tiers of this worker and blocks of another. Safe from any thread. */
final class RemoteTransfers {

  private final TransferEngine engine;
  private final List<Tier> tiers;
  private final long workerId;

  RemoteTransfers(TransferEngine engine, List<Tier> tiers, long workerId) {
    this.engine = engine;
    this.tiers = List.copyOf(tiers);
    this.workerId = workerId;
  }

  TransferHandle read(
      List<RemoteBlock> sources, List<MutableBlock> targets, TransferOptions options) {
    Layout remote = requirePairs(sources, targets.size());
    Tier tier = tierOf(targets);
    Layout local = layoutOf(tier);
    List<BlockMove> moves = new ArrayList<>(targets.size());
    for (int i = 0; i < targets.size(); i++) {
      moves.add(BlockMove.of(sources.get(i).descriptor().blockId(), targets.get(i).blockId()));
    }
    return engine.submit(
        new BlockPlace.LaidOut(remote), new BlockPlace.LaidOut(local), moves, options);
  }

  TransferHandle write(
      List<? extends Block> sources, List<RemoteBlock> targets, TransferOptions options) {
    Layout remote = requirePairs(targets, sources.size());
    for (RemoteBlock target : targets) {
      if (!target.isMutable()) {
        throw new CallerException(
            ErrorCode.NOT_ALLOWED,
            "%s is a reference to be read; take a mutable one to write it"
                .formatted(target.descriptor()));
      }
    }
    Tier tier = tierOf(sources);
    List<ImmutableBlock> held = new ArrayList<>();
    TransferHandle handle;
    try {
      List<BlockMove> moves = new ArrayList<>(sources.size());
      for (int i = 0; i < sources.size(); i++) {
        int slot = targets.get(i).descriptor().blockId();
        if (sources.get(i) instanceof ImmutableBlock block) {
          held.add(block.share()); // the caller may close its own
          moves.add(keyed(tier.pool(), block, slot));
        } else {
          layoutOf(tier); // a store has no bytes of a block that is being filled
          moves.add(BlockMove.of(sources.get(i).blockId(), slot));
        }
      }
      handle = engine.submit(tier.place(), new BlockPlace.LaidOut(remote), moves, options);
    } catch (RuntimeException e) {
      BlockPool.closeAll(held);
      throw e;
    }
    handle.outcomes().whenComplete((_, _) -> BlockPool.closeAll(held));
    return handle;
  }

  private static BlockMove keyed(BlockPool pool, ImmutableBlock block, int slot) {
    return new BlockMove(
        block.blockId(),
        slot,
        block.key(),
        block.parent().orElse(null),
        pool.generation(block),
        0,
        0,
        pool.checksum(block));
  }

  /** {@return the layout of blocks of one set} */
  private static Layout requirePairs(List<RemoteBlock> remote, int locals) {
    if (remote.isEmpty() || remote.size() != locals) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "%d blocks here and %d of another worker; give one for each"
              .formatted(locals, remote.size()));
    }
    Layout layout = remote.getFirst().layout();
    for (RemoteBlock block : remote) {
      if (block.layout() != layout) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT,
            "one call moves blocks of one worker and set, got %s and %s"
                .formatted(remote.getFirst().descriptor(), block.descriptor()));
      }
    }
    return layout;
  }

  private Tier tierOf(List<? extends Block> blocks) {
    for (Tier tier : tiers) {
      if (tier.pool().owns(blocks)) {
        blocks.forEach(Block::metadata); // a closed handle fails here
        return tier;
      }
    }
    throw new CallerException(
        ErrorCode.INVALID_ARGUMENT,
        "the blocks are not all of one tier of worker %d; make a call for each tier"
            .formatted(workerId));
  }

  private static Layout layoutOf(Tier tier) {
    return tier.pool()
        .layout()
        .orElseThrow(
            () ->
                new CallerException(
                    ErrorCode.UNSUPPORTED,
                    "blocks that are being filled have no memory in the %s tier; use a tier above it"
                        .formatted(tier.name())));
  }
}
