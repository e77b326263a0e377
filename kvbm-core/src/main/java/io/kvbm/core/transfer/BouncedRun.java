package io.kvbm.core.transfer;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.BlockOutcome;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One batch on its way by host memory. The buffer has two halves: while one is emptied into the
 * target, the other is filled from the source.
 *
 * <p>Driven by the ends of hops, which may come from any thread and before the hop's start returns:
 * whoever comes while another thread is driving leaves a note, so that steps never overlap and the
 * stack never grows.
 */
final class BouncedRun {

  private enum Phase {
    FREE,
    FILLING,
    FILLED,
    EMPTYING,
    EMPTIED
  }

  /** One half of the buffer and the moves it carries. */
  private final class Half {
    private final Hop into;
    private final Hop outOf;

    /** Volatile, as the driver may look while a hop ends: it then sees what was reported too. */
    private volatile Phase phase = Phase.FREE;

    private int[] carried = {};
    private BlockOutcome[] reported = {};

    private Half(Extent place) {
      into = plan.into().apply(place);
      outOf = plan.outOf().apply(place);
    }
  }

  private final Plan.Bounced plan;
  private final List<BlockMove> moves;
  private final Batch batch;
  private final Transfer transfer;
  private final Consumer<BlockOutcome[]> ended;
  private final Storage buffer;
  private final int blocksPerHalf;
  private final List<Half> halves;
  private final @Nullable BlockOutcome[] outcomes;
  private final AtomicInteger signals = new AtomicInteger();
  private int next;
  private boolean over;

  private BouncedRun(
      Plan.Bounced plan, Batch batch, Storage buffer, Consumer<BlockOutcome[]> ended) {
    this.plan = plan;
    this.batch = batch;
    this.moves = batch.moves();
    this.transfer = batch.transfer();
    this.ended = ended;
    this.buffer = buffer;
    this.outcomes = new BlockOutcome[moves.size()];
    long halfByteSize = buffer.byteSize() / 2;
    this.blocksPerHalf =
        Math.toIntExact(Math.min(moves.size(), halfByteSize / plan.blockByteSize()));
    this.halves = List.of(new Half(place(0)), new Half(place(halfByteSize)));
  }

  private Extent place(long offset) {
    return new Extent.Run(
        buffer, offset, blocksPerHalf * plan.blockByteSize(), plan.blockByteSize(), plan.regions());
  }

  static void start(Plan.Bounced plan, Batch batch, Consumer<BlockOutcome[]> ended) {
    Storage buffer;
    try {
      buffer = plan.buffers().acquire(plan.blockByteSize());
    } catch (RuntimeException | Error e) { // Whatever happened, somebody waits for these blocks.
      BlockOutcome[] all = new BlockOutcome[batch.blockCount()];
      Arrays.fill(all, new BlockOutcome.Failed(typed(e)));
      ended.accept(all);
      return;
    }
    new BouncedRun(plan, batch, buffer, ended).signal();
  }

  private static KvbmException typed(Throwable e) {
    return e instanceof KvbmException own
        ? own
        : new BackendException(
            ErrorCode.OPERATION_FAILED, "host memory to bounce through cannot be had: " + e, e);
  }

  private void signal() {
    if (signals.getAndIncrement() != 0) {
      return;
    }
    int seen = 1;
    do {
      step();
      seen = signals.addAndGet(-seen);
    } while (seen != 0);
  }

  private void step() {
    for (Half half : halves) {
      if (half.phase == Phase.FILLED) {
        empty(half);
      }
      if (half.phase == Phase.EMPTIED) {
        settle(half, half.reported);
        half.phase = Phase.FREE;
      }
    }
    for (Half half : halves) {
      if (half.phase == Phase.FREE && next < moves.size() && transfer.stopOutcome() == null) {
        fill(half);
      }
    }
    if (!over && halves.stream().allMatch(half -> half.phase == Phase.FREE)) {
      over = true;
      end();
    }
  }

  private void fill(Half half) {
    int count = Math.min(blocksPerHalf, moves.size() - next);
    List<BlockMove> hop = new ArrayList<>(count);
    half.carried = new int[count];
    for (int i = 0; i < count; i++) {
      half.carried[i] = next;
      hop.add(moves.get(next++).into(i));
    }
    half.phase = Phase.FILLING;
    HopReport.start(half.into, hop, batch, all -> report(half, all, Phase.FILLED));
  }

  /** Sends on what arrived; what did not has its outcome already. */
  private void empty(Half half) {
    List<BlockMove> hop = new ArrayList<>(half.carried.length);
    int[] arrived = new int[half.carried.length];
    for (int i = 0; i < half.carried.length; i++) {
      if (half.reported[i].isDone()) {
        arrived[hop.size()] = half.carried[i];
        hop.add(moves.get(half.carried[i]).outOf(i));
      } else {
        outcomes[half.carried[i]] = half.reported[i];
      }
    }
    half.carried = Arrays.copyOf(arrived, hop.size());
    if (hop.isEmpty()) {
      half.phase = Phase.FREE;
      return;
    }
    half.phase = Phase.EMPTYING;
    HopReport.start(half.outOf, hop, batch, all -> report(half, all, Phase.EMPTIED));
  }

  private void report(Half half, BlockOutcome[] reported, Phase phase) {
    half.reported = reported;
    half.phase = phase;
    signal();
  }

  private void settle(Half half, BlockOutcome[] reported) {
    for (int i = 0; i < reported.length; i++) {
      outcomes[half.carried[i]] = reported[i];
    }
  }

  private void end() {
    plan.buffers().release(buffer);
    BlockOutcome[] all = new BlockOutcome[outcomes.length];
    BlockOutcome stopped = transfer.stopOutcome();
    for (int i = 0; i < all.length; i++) {
      BlockOutcome outcome = outcomes[i];
      all[i] = outcome != null ? outcome : stopped != null ? stopped : new BlockOutcome.Cancelled();
    }
    ended.accept(all);
  }
}
