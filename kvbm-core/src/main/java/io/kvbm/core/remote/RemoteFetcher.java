package io.kvbm.core.remote;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.remote.BlockDirectory.Holder;
import io.kvbm.api.remote.LentBlock;
import io.kvbm.api.remote.Loan;
import io.kvbm.api.remote.LoanRequest;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.transfer.TransferOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Fetches blocks from the peers that have them, and registers those whose bytes are what the peer
 * said. Whatever goes wrong makes the result shorter. Threading: safe from any thread.
 */
final class RemoteFetcher {

  private static final int MAX_HOLDERS = 3;

  private final BlockDirectory directory;
  private final PeerLinks links;
  private final FetchTarget target;
  private final long fingerprint;
  private final SharingOptions options;
  private final SharingEnvironment environment;
  private final SharingMeters meters;
  private final Semaphore running;

  RemoteFetcher(
      BlockDirectory directory,
      PeerLinks links,
      FetchTarget target,
      long fingerprint,
      SharingOptions options,
      SharingEnvironment environment,
      SharingMeters meters) {
    this.directory = directory;
    this.links = links;
    this.target = target;
    this.fingerprint = fingerprint;
    this.options = options;
    this.environment = environment;
    this.meters = meters;
    this.running = new Semaphore(options.maxFetches());
  }

  /** {@return whether some peer may have the block at an index, without waiting} */
  boolean mayHave(List<BlockKey> keys, int from) {
    return target.index() >= 0
        && from < keys.size()
        && !directory.holders(fingerprint, keys, from).isEmpty();
  }

  int targetTier() {
    return target.index();
  }

  /**
   * Begins to fetch the blocks from an index on.
   *
   * @param deadlineNanos 0 for none beyond the fetch's own
   */
  Fetch fetch(List<BlockKey> keys, int from, long deadlineNanos) {
    long own = Staging.deadline(environment.deadlines(), options.fetchTimeout().toNanos());
    long deadline = deadlineNanos == 0 || own - deadlineNanos < 0 ? own : deadlineNanos;
    Fetch fetch = new Fetch(List.copyOf(keys), from, deadline);
    if (!running.tryAcquire()) {
      meters.failed("fetch", "busy");
      fetch.result.complete(
          new FetchResult(
              List.of(),
              Optional.of(
                  new TransientException(
                      ErrorCode.QUEUE_FULL,
                      "%d fetches are under way, as many as may be"
                          .formatted(options.maxFetches())))));
      return fetch;
    }
    environment
        .executor()
        .execute(
            () -> {
              try {
                fetch.run();
              } finally {
                running.release();
              }
            });
    return fetch;
  }

  /** One fetch. */
  final class Fetch {
    private final List<BlockKey> keys;
    private final int from;
    private final int end;
    private final long deadline;
    private final List<ImmutableBlock> blocks = new ArrayList<>();
    private final CompletableFuture<Void> interrupt = new CompletableFuture<>();
    private final AtomicReference<@Nullable FetchBatch> current = new AtomicReference<>();
    private volatile boolean cancelled;
    private @Nullable KvbmException failure;

    /** Completes with what came, never exceptionally. */
    final CompletableFuture<FetchResult> result = new CompletableFuture<>();

    /** Completes when nothing is in flight for it. */
    final CompletableFuture<Void> drained = new CompletableFuture<>();

    Fetch(List<BlockKey> keys, int from, long deadline) {
      this.keys = keys;
      this.from = from;
      this.end = (int) Math.min(keys.size(), (long) from + options.maxFetchBlocks());
      this.deadline = deadline;
    }

    void cancel() {
      cancelled = true;
      interrupt.completeExceptionally(
          new TransientException(ErrorCode.CANCELLED, "the fetch was cancelled by its caller"));
      FetchBatch batch = current.get();
      if (batch != null) {
        batch.cancel();
      }
    }

    private void run() {
      long start = environment.clock().nanoTime();
      try {
        askHolders();
      } catch (RuntimeException | Error e) {
        failure = Waits.known(e, "a fetch");
        meters.failed("fetch", failure);
      } finally {
        long bytes =
            target.index() < 0 ? 0 : blocks.size() * target.tier().pool().shape().blockByteSize();
        meters.fetched(blocks.size(), bytes, Math.max(0, environment.clock().nanoTime() - start));
        result.complete(new FetchResult(blocks, Optional.ofNullable(failure)));
        if (current.get() == null) {
          drained.complete(null);
        }
      }
    }

    private void askHolders() {
      if (target.index() < 0) {
        meters.failed("fetch", "unsupported");
        return;
      }
      int asked = 0;
      for (Holder holder : directory.holders(fingerprint, keys, from)) {
        if (isOver() || asked == MAX_HOLDERS) {
          return;
        }
        if (links.isPaused(holder.member())) {
          continue;
        }
        asked++;
        try {
          ask(holder);
        } catch (KvbmException e) {
          failure = e;
          meters.failed("fetch", e);
          if (e.code() == ErrorCode.CORRUPT || e.code() == ErrorCode.DISCONNECTED) {
            links.pause(holder.member());
          }
        }
      }
    }

    private boolean isOver() {
      return cancelled
          || from + blocks.size() >= end
          || deadline - environment.deadlines().nanoTime() <= 0
          || current.get() != null;
    }

    private void ask(Holder holder) {
      PeerLinks.Link link = links.link(holder.member(), deadline);
      long left = deadline - environment.deadlines().nanoTime();
      if (left <= 0) {
        throw new TransientException(
            ErrorCode.DEADLINE_EXCEEDED, "the deadline of a fetch passed before it could borrow");
      }
      int at = from + blocks.size();
      List<BlockKey> wanted = keys.subList(at, end);
      CompletableFuture<Loan> borrowed = new CompletableFuture<>();
      link.imported()
          .peer()
          .borrow(new LoanRequest(fingerprint, wanted, Duration.ofNanos(left)))
          .whenComplete(
              (loan, error) -> {
                if (error != null) {
                  borrowed.completeExceptionally(error);
                } else {
                  borrowed.complete(loan);
                }
              });
      Loan loan =
          await(
              link,
              borrowed,
              "a loan of agent '" + holder.member().agent().name() + "'",
              Loan::close);
      List<LentBlock> lent = usable(loan, wanted);
      List<MutableBlock> targets =
          lent.isEmpty() ? List.of() : target.tiering().makeRoom(target.tier(), lent.size());
      if (targets.isEmpty()) {
        loan.close();
        if (!lent.isEmpty()) {
          throw new CapacityException(
              ErrorCode.NOT_ENOUGH_BLOCKS_AVAILABLE,
              "the %s tier has no room for blocks of a peer".formatted(target.tier().name()),
              lent.size(),
              0);
        }
        return;
      }
      bring(link, loan, lent, targets, at);
    }

    /** Waits for an answer of a peer; ends early when the peer is lost or the fetch cancelled. */
    private <T> T await(
        PeerLinks.Link link, CompletableFuture<T> stage, String what, Consumer<T> late) {
      CompletableFuture<T> own = new CompletableFuture<>();
      var _ = interrupt.whenComplete((_, error) -> own.completeExceptionally(error));
      var _ =
          stage.whenComplete(
              (value, error) -> {
                if (error != null) {
                  own.completeExceptionally(error);
                } else if (!own.complete(value)) {
                  late.accept(value);
                }
              });
      return link.waits().await(own, deadline, what, late);
    }

    /** A peer may lend other blocks than were asked for; those are not taken. */
    private List<LentBlock> usable(Loan loan, List<BlockKey> wanted) {
      List<LentBlock> lent = loan.blocks();
      int count = 0;
      while (count < Math.min(lent.size(), wanted.size())
          && lent.get(count).key().equals(wanted.get(count))) {
        count++;
      }
      if (count < lent.size()) {
        meters.failed("fetch", "wrong_key");
      }
      return lent.subList(0, count);
    }

    private void bring(
        PeerLinks.Link link, Loan loan, List<LentBlock> lent, List<MutableBlock> targets, int at) {
      int count = Math.min(lent.size(), targets.size());
      BlockPool.closeAll(targets.subList(count, targets.size()));
      FetchBatch batch =
          new FetchBatch(
              loan,
              lent.subList(0, count),
              at == 0 ? null : keys.get(at - 1),
              targets.subList(0, count),
              target);
      current.set(batch);
      CompletableFuture<FetchBatch.Arrived> arriving =
          batch.start(
              environment.transfers(),
              link.imported(),
              TransferOptions.DEFAULT.withDeadlineNanos(deadline));
      FetchBatch.Arrived arrived;
      try {
        if (cancelled) {
          batch.cancel();
        }
        arrived =
            await(
                link,
                arriving,
                "a fetch from agent '" + link.member().agent().name() + "'",
                late -> BlockPool.closeAll(late.blocks()));
      } catch (KvbmException e) {
        batch.cancel();
        var _ = arriving.whenComplete((_, _) -> drained.complete(null));
        throw e;
      }
      current.set(null);
      blocks.addAll(arrived.blocks());
      if (arrived.failure() != null) {
        throw arrived.failure();
      }
    }
  }
}
