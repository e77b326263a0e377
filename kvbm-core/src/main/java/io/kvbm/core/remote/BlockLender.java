package io.kvbm.core.remote;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.remote.LentBlock;
import io.kvbm.api.remote.Loan;
import io.kvbm.api.remote.LoanRequest;
import io.kvbm.api.remote.PeerService;
import io.kvbm.api.remote.ShardMove;
import io.kvbm.api.remote.ShardOutcome;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.LocatedBlock;
import io.kvbm.core.tier.Tier;
import io.kvbm.core.tiering.TieringEngine;
import io.kvbm.core.transfer.BlockChecksums;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lends blocks to peers: where they are, if peers can read them there, otherwise out of staging
 * memory. Every lent block has the checksum of its bytes, so that a peer takes no others for them.
 * Threading: safe from any thread.
 */
final class BlockLender implements PeerService, AutoCloseable {

  private final TieringEngine tiering;
  private final long fingerprint;
  private final SharingOptions options;
  private final SharingEnvironment environment;
  private final Exports exports;
  private final LentParts parts;
  private final Supplier<BlockSet> blockSet;
  private final SharingMeters meters;
  private final Waits waits;
  private final AtomicInteger lent = new AtomicInteger();
  private final Set<LentLoan> open = ConcurrentHashMap.newKeySet();
  private final @Nullable Stager stager;
  private volatile @Nullable ShardMover mover;
  private volatile Leadership leadership = Leadership.ofFirst();
  private volatile boolean closed;

  BlockLender(
      TieringEngine tiering,
      long fingerprint,
      SharingOptions options,
      SharingEnvironment environment,
      Exports exports,
      LentParts parts,
      Supplier<BlockSet> blockSet,
      SharingMeters meters) {
    this.tiering = tiering;
    this.fingerprint = fingerprint;
    this.options = options;
    this.environment = environment;
    this.exports = exports;
    this.parts = parts;
    this.blockSet = blockSet;
    this.meters = meters;
    this.waits = new Waits(environment.deadlines());
    Staging staging = parts.staging();
    this.stager = staging == null ? null : new Stager(staging, environment, tiering.tiers(), waits);
  }

  /** Sets who moves blocks for a leader, the first one that asks from now on; null for nobody. */
  void shards(@Nullable ShardMover value) {
    leadership = Leadership.ofFirst();
    mover = value;
  }

  int lentBlocks() {
    return lent.get();
  }

  @Override
  public CompletionStage<Loan> lend(String peer, LoanRequest request) {
    CompletableFuture<Loan> answer = new CompletableFuture<>();
    environment
        .executor()
        .execute(
            () -> {
              try {
                Loan loan = lendNow(request);
                if (!answer.complete(loan)) {
                  loan.close();
                }
              } catch (RuntimeException | Error e) {
                meters.failed("lend", Waits.known(e, "a loan to " + peer));
                answer.completeExceptionally(e);
              }
            });
    return answer;
  }

  private Loan lendNow(LoanRequest request) {
    if (request.fingerprint() != fingerprint || closed) {
      return new LentLoan(List.of(), List.of(), () -> {});
    }
    long deadline =
        Staging.deadline(environment.deadlines(), request.timeout().toNanos() / 4 * 3 + 1);
    int granted = reserve(request.keys().size());
    Collected collected = new Collected();
    boolean done = false;
    try {
      collect(request, granted, deadline, collected);
      LentLoan loan = loan(collected, granted);
      done = true;
      return loan;
    } finally {
      if (!done) {
        collected.release();
        lent.addAndGet(-granted);
      }
    }
  }

  private int reserve(int wanted) {
    while (true) {
      int now = lent.get();
      int granted = Math.max(0, Math.min(wanted, options.maxLentBlocks() - now));
      if (lent.compareAndSet(now, now + granted)) {
        return granted;
      }
    }
  }

  private LentLoan loan(Collected collected, int granted) {
    int surplus = granted - collected.blocks.size();
    lent.addAndGet(-surplus);
    int kept = granted - surplus;
    LentLoan[] self = new LentLoan[1];
    LentLoan loan =
        new LentLoan(
            collected.blocks,
            collected.held,
            () -> {
              lent.addAndGet(-kept);
              collected.giveSlots();
              open.remove(self[0]);
            });
    self[0] = loan;
    open.add(loan);
    meters.lent(kept);
    loan.endsWith(environment.deadlines().scheduleAfter(options.loanTime().toNanos(), loan::close));
    if (closed) {
      loan.close();
    }
    return loan;
  }

  /** What a loan is made of. */
  private final class Collected {
    final List<LentBlock> blocks = new ArrayList<>();
    final List<ImmutableBlock> held = new ArrayList<>();
    final List<Integer> slots = new ArrayList<>();

    void giveSlots() {
      Staging staging = parts.staging();
      if (staging != null && !slots.isEmpty()) {
        staging.give(slots);
      }
    }

    void release() {
      BlockPool.closeAll(held);
      giveSlots();
    }
  }

  private void collect(LoanRequest request, int granted, long deadline, Collected into) {
    List<LocatedBlock> found = tiering.match(request.keys().subList(0, granted));
    List<ImmutableBlock> unused = new ArrayList<>();
    try {
      List<LocatedBlock> prefix = lentPrefix(found, unused);
      summed(prefix);
      List<Integer> staged = new ArrayList<>();
      for (int i = 0; i < prefix.size(); i++) {
        if (!isInPlace(prefix.get(i))) {
          staged.add(i);
        }
      }
      Stager.Result copies =
          staged.isEmpty() || stager == null
              ? Stager.Result.NONE
              : stager.copy(staged.stream().map(prefix::get).toList(), deadline);
      into.slots.addAll(copies.slots());
      take(request, prefix, copies, into, unused);
    } finally {
      BlockPool.closeAll(unused);
    }
  }

  /** Cut before the first block of a tier that is not lent. */
  private List<LocatedBlock> lentPrefix(List<LocatedBlock> found, List<ImmutableBlock> unused) {
    int end = 0;
    while (end < found.size() && parts.isLent(found.get(end).tier())) {
      end++;
    }
    found.subList(end, found.size()).forEach(block -> unused.add(block.block()));
    return found.subList(0, end);
  }

  private void take(
      LoanRequest request,
      List<LocatedBlock> prefix,
      Stager.Result copies,
      Collected into,
      List<ImmutableBlock> unused) {
    int nextCopy = 0;
    boolean ended = false;
    for (int i = 0; i < prefix.size(); i++) {
      LocatedBlock block = prefix.get(i);
      if (!ended && isInPlace(block)) {
        into.held.add(block.block());
        long sum = pool(block).checksum(block.block());
        into.blocks.add(
            new LentBlock(
                request.keys().get(i), parts.part(block.tier()), block.block().blockId(), sum));
        continue;
      }
      unused.add(block.block());
      ended = ended || nextCopy >= copies.blocks().size();
      if (!ended) {
        Stager.Copy copy = copies.blocks().get(nextCopy++);
        into.blocks.add(
            new LentBlock(
                request.keys().get(i), parts.stagingPart(), copy.slot(), copy.checksum()));
      }
    }
  }

  private BlockPool pool(LocatedBlock block) {
    return tiering.tiers().get(block.tier()).pool();
  }

  /** Peers read it where it is, and its checksum is known. */
  private boolean isInPlace(LocatedBlock block) {
    int part = parts.part(block.tier());
    return part >= 0
        && block.block().blockId() < exports.layout(part).config().numBlocks()
        && pool(block).checksum(block.block()) != BlockWrite.NO_CHECKSUM;
  }

  /** Sums what nobody has summed, on a thread for such work, where the CPU reaches the bytes. */
  private void summed(List<LocatedBlock> blocks) {
    List<LocatedBlock> unknown = new ArrayList<>();
    for (LocatedBlock block : blocks) {
      if (parts.part(block.tier()) >= 0
          && pool(block).checksum(block.block()) == BlockWrite.NO_CHECKSUM) {
        unknown.add(block);
      }
    }
    if (!unknown.isEmpty()) {
      CompletableFuture.runAsync(() -> unknown.forEach(this::sum), environment.compute()).join();
    }
  }

  private void sum(LocatedBlock block) {
    Tier tier = tiering.tiers().get(block.tier());
    tier.pool()
        .layout()
        .ifPresent(
            layout ->
                tier.pool()
                    .noteChecksum(
                        block.block(), BlockChecksums.of(layout, block.block().blockId())));
  }

  @Override
  public CompletionStage<ShardOutcome> move(String peer, ShardMove move) {
    ShardMover to = mover;
    if (to == null) {
      return CompletableFuture.failedFuture(
          new CallerException(
              ErrorCode.UNSUPPORTED, "this worker moves no blocks for a leader; it has no shards"));
    }
    try {
      leadership.require(peer);
    } catch (CallerException e) {
      return CompletableFuture.failedFuture(e);
    }
    return to.move(move);
  }

  @Override
  public CompletionStage<byte[]> blockSet(String peer) {
    return CompletableFuture.completedFuture(blockSet.get().serialized().bytes());
  }

  /** Lends nothing any more and takes back what is lent. */
  @Override
  public void close() {
    closed = true;
    List.copyOf(open).forEach(LentLoan::close);
  }
}
