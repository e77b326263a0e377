package io.kvbm.core.offload;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.WeakBlock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A block that is queued or in flight along one edge, and who waits for it. Guarded by the lock of
 * its queue; weak reference and priority stay as they are once it is in flight.
 */
final class QueueEntry {

  enum State {
    QUEUED,
    IN_FLIGHT,
    SETTLED
  }

  /**
   * A block of a call.
   *
   * @param joined whether another one had queued the block before
   */
  record Claim(OffloadCall call, int index, boolean joined) {}

  /** Higher priority first, then the older one. */
  static final Comparator<QueueEntry> ORDER =
      Comparator.comparingLong((QueueEntry entry) -> entry.priority)
          .reversed()
          .thenComparingLong(entry -> entry.sequence);

  final BlockKey key;
  final @Nullable BlockKey parent;
  final long sequence;
  final long queuedNanos;
  final List<Claim> claims = new ArrayList<>(1);

  WeakBlock weak;
  int blockId;
  long priority;
  State state = State.QUEUED;

  /** Whether it is to be copied even if no call wants it any more. */
  boolean background;

  QueueEntry(Candidate candidate, long sequence, long queuedNanos) {
    this.key = candidate.key();
    this.parent = candidate.parent();
    this.weak = candidate.weak();
    this.blockId = candidate.weak().blockId();
    this.priority = candidate.priority();
    this.sequence = sequence;
    this.queuedNanos = queuedNanos;
  }

  /** Follows the block to the slot it was seen in last: the one before may hold another by now. */
  void refresh(Candidate candidate) {
    weak = candidate.weak();
    blockId = weak.blockId();
    priority = Math.max(priority, candidate.priority());
  }
}
