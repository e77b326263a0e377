package io.kvbm.core.transfer;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferCompletion;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Listens to a transport or store for one hop and makes one outcome per move of whatever it says. A
 * mover that throws, reports a block twice, late or never fails those blocks and harms nothing
 * else. Threading: safe from any thread.
 */
final class HopReport implements TransferCompletion {

  private static final System.Logger LOG = System.getLogger(HopReport.class.getName());

  private final Hop hop;
  private final List<BlockMove> moves;
  private final Batch batch;
  private final Transfer transfer;
  private final Consumer<BlockOutcome[]> ended;
  private final @Nullable BlockOutcome[] outcomes;
  private int @Nullable [] unitEnds;
  private BlockOutcome.@Nullable Done lastDone;
  private boolean handedOver;
  private boolean drained;

  private HopReport(Hop hop, List<BlockMove> moves, Batch batch, Consumer<BlockOutcome[]> ended) {
    this.hop = hop;
    this.moves = moves;
    this.batch = batch;
    this.transfer = batch.transfer();
    this.ended = ended;
    this.outcomes = new BlockOutcome[moves.size()];
  }

  /**
   * Starts a hop.
   *
   * @param ended told one outcome per move, once, after the mover touches no storage any more; on
   *     any thread, also before this returns
   */
  static void start(Hop hop, List<BlockMove> moves, Batch batch, Consumer<BlockOutcome[]> ended) {
    HopReport report = new HopReport(hop, moves, batch, ended);
    batch.began(report);
    try {
      hop.start(moves, report);
    } catch (Throwable e) { // Whatever a mover throws, somebody waits for these blocks.
      report.abort(e);
    }
  }

  /**
   * Said by the hop right before the mover is called.
   *
   * @param ends where the mover reports on several moves at once: for each unit the move after its
   *     last one
   */
  synchronized void handedOver(int @Nullable [] ends) {
    unitEnds = ends;
    handedOver = true;
  }

  /** {@return when the transfer is given up, on the clock of the engine; 0 = never} */
  long deadlineNanos() {
    return transfer.options().deadlineNanos();
  }

  @Override
  public synchronized void done(int block, long byteSize) {
    if (!isKnown(block)) {
      return;
    }
    if (!hop.isByteSizeKnown()) {
      setUnit(block, doneOf(byteSize));
      return;
    }
    long expected = 0;
    for (int i = firstMove(block); i < endMove(block); i++) {
      expected += hop.byteSize(moves.get(i));
    }
    if (byteSize != expected) {
      setUnit(block, failure("moved %d of %d bytes".formatted(byteSize, expected), null));
      return;
    }
    for (int i = firstMove(block); i < endMove(block); i++) {
      set(i, doneOf(hop.byteSize(moves.get(i))));
    }
  }

  @Override
  public synchronized void failed(int block, @Nullable KvbmException cause) {
    if (isKnown(block)) {
      setUnit(
          block,
          cause == null
              ? failure("failed a block without saying why", null)
              : new BlockOutcome.Failed(cause));
    }
  }

  @Override
  public synchronized void cancelled(int block) {
    if (isKnown(block)) {
      BlockOutcome stopped = transfer.stopOutcome();
      setUnit(
          block,
          stopped != null
              ? stopped
              : new BlockOutcome.Failed(
                  new TransientException(
                      ErrorCode.CANCELLED, hop.mover() + " gave up a block; submit it again")));
    }
  }

  @Override
  public boolean isCancelled() {
    return transfer.stopOutcome() != null;
  }

  @Override
  public void drained() {
    BlockOutcome[] all;
    synchronized (this) {
      if (drained) {
        LOG.log(System.Logger.Level.WARNING, "{0} drained a batch twice", hop.mover());
        return;
      }
      all = seal("reported drained and never this block", null);
    }
    batch.drained(this);
    ended.accept(all);
  }

  private void abort(Throwable thrown) {
    BlockOutcome[] all;
    synchronized (this) {
      if (drained) {
        LOG.log(
            System.Logger.Level.WARNING, hop.mover() + " threw after it drained a batch", thrown);
        return;
      }
      if (!handedOver && thrown instanceof KvbmException own) {
        Arrays.fill(outcomes, new BlockOutcome.Failed(own));
      }
      all = seal("threw " + thrown, thrown);
    }
    batch.drained(this);
    ended.accept(all);
  }

  /** {@return blocks that have not been reported on} */
  synchronized int silentBlocks() {
    int silent = 0;
    for (BlockOutcome outcome : outcomes) {
      silent += outcome == null ? 1 : 0;
    }
    return silent;
  }

  private BlockOutcome[] seal(String complaint, @Nullable Throwable cause) {
    drained = true;
    BlockOutcome[] all = new BlockOutcome[outcomes.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = Objects.requireNonNullElseGet(outcomes[i], () -> failure(complaint, cause));
    }
    return all;
  }

  private boolean isKnown(int block) {
    if (drained) {
      LOG.log(System.Logger.Level.WARNING, "{0} reported on a block after it drained", hop.mover());
      return false;
    }
    boolean known = block >= 0 && block < moves.size() && (unitEnds == null || unitEnds[block] > 0);
    if (!known) {
      LOG.log(
          System.Logger.Level.WARNING,
          "{0} reported on block {1}, which is not in the batch",
          hop.mover(),
          block);
    }
    return known;
  }

  private int firstMove(int unit) {
    return unitEnds == null ? unit : unit == 0 ? 0 : unitEnds[unit - 1];
  }

  private int endMove(int unit) {
    return unitEnds == null ? unit + 1 : unitEnds[unit];
  }

  private void setUnit(int unit, BlockOutcome outcome) {
    for (int i = firstMove(unit); i < endMove(unit); i++) {
      set(i, outcome);
    }
  }

  private void set(int move, BlockOutcome outcome) {
    outcomes[move] =
        outcomes[move] == null ? outcome : failure("reported a block more than once", null);
  }

  private BlockOutcome.Done doneOf(long byteSize) {
    BlockOutcome.Done done = lastDone;
    if (done == null || done.byteSize() != byteSize) {
      done = new BlockOutcome.Done(byteSize);
      lastDone = done;
    }
    return done;
  }

  private BlockOutcome failure(String complaint, @Nullable Throwable cause) {
    return new BlockOutcome.Failed(
        new BackendException(
            ErrorCode.OPERATION_FAILED,
            hop.mover() + " " + complaint + "; the bytes at the target are undefined",
            cause));
  }
}
