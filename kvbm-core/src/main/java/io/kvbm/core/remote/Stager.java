package io.kvbm.core.remote;

import io.kvbm.api.KvbmException;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferHandle;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.LocatedBlock;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.transfer.BlockChecksums;
import io.kvbm.core.transfer.BlockMove;
import io.kvbm.core.transfer.BlockPlace;
import io.kvbm.core.transfer.TransferOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Copies blocks into staging memory. Threading: safe from any thread; {@link #copy} waits. */
final class Stager {

  /** A copy in staging memory. */
  record Copy(int slot, long checksum) {}

  /**
   * What was copied.
   *
   * @param blocks a prefix of what was to be
   * @param slots all that are taken
   */
  record Result(List<Copy> blocks, List<Integer> slots) {
    static final Result NONE = new Result(List.of(), List.of());
  }

  private final Staging staging;
  private final SharingEnvironment environment;
  private final List<Tier> tiers;
  private final Waits waits;

  Stager(Staging staging, SharingEnvironment environment, List<Tier> tiers, Waits waits) {
    this.staging = staging;
    this.environment = environment;
    this.tiers = tiers;
    this.waits = waits;
  }

  /** Copies as many as there is room for; waits for the first slot and the copies. */
  Result copy(List<LocatedBlock> blocks, long deadlineNanos) {
    List<Integer> slots;
    try {
      slots =
          waits.await(
              staging.take(blocks.size()), deadlineNanos, "a wait for staging", staging::give);
    } catch (KvbmException e) {
      return Result.NONE; // no room in time: what needs none is lent
    }
    List<Copy> copies = new ArrayList<>();
    List<CompletionStage<?>> running = new ArrayList<>();
    boolean done = false;
    try {
      int from = 0;
      while (from == copies.size() && from < slots.size()) {
        int to = from + 1;
        while (to < slots.size() && blocks.get(to).tier() == blocks.get(from).tier()) {
          to++;
        }
        run(blocks.subList(from, to), slots.subList(from, to), deadlineNanos, running, copies);
        from = to;
      }
      done = true;
    } finally {
      if (!done) { // slots come back when nothing is in flight to them any more
        var _ =
            CompletableFuture.allOf(
                    running.stream()
                        .map(CompletionStage::toCompletableFuture)
                        .toArray(CompletableFuture<?>[]::new))
                .whenComplete((_, _) -> staging.give(slots));
      }
    }
    return new Result(copies, slots);
  }

  private void run(
      List<LocatedBlock> blocks,
      List<Integer> slots,
      long deadlineNanos,
      List<CompletionStage<?>> running,
      List<Copy> into) {
    Tier tier = tiers.get(blocks.getFirst().tier());
    List<ImmutableBlock> held = new ArrayList<>();
    List<BlockMove> moves = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) {
      ImmutableBlock block = blocks.get(i).block().share();
      held.add(block);
      moves.add(
          new BlockMove(
              block.blockId(),
              slots.get(i),
              block.key(),
              block.parent().orElse(null),
              tier.pool().generation(block),
              0,
              0,
              tier.pool().checksum(block)));
    }
    List<BlockOutcome> outcomes;
    TransferHandle handle;
    try {
      handle =
          environment
              .transfers()
              .submit(
                  tier.place(),
                  new BlockPlace.LaidOut(staging.layout()),
                  moves,
                  TransferOptions.DEFAULT.withDeadlineNanos(deadlineNanos));
    } catch (RuntimeException e) {
      BlockPool.closeAll(held);
      throw e;
    }
    running.add(handle.outcomes());
    handle.outcomes().whenComplete((_, _) -> BlockPool.closeAll(held));
    try {
      outcomes = waits.await(handle.outcomes(), deadlineNanos, "a copy to staging", _ -> {});
    } catch (KvbmException e) {
      handle.cancel();
      throw e;
    }
    for (int i = 0; i < outcomes.size() && outcomes.get(i).isDone(); i++) {
      long known = moves.get(i).checksum();
      int slot = slots.get(i);
      long sum = known == BlockWrite.NO_CHECKSUM ? sum(slot) : known;
      into.add(new Copy(slot, sum));
    }
  }

  private long sum(int slot) {
    return CompletableFuture.supplyAsync(
            () -> BlockChecksums.of(staging.layout(), slot), environment.compute())
        .join();
  }
}
