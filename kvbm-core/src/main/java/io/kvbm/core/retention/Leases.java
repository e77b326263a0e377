package io.kvbm.core.retention;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.core.time.Cancellable;
import io.kvbm.core.time.Deadlines;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the blocks of a lookup for a given time, so that whoever looked them up can come back for
 * them, and so that they are free again if it dies instead.
 *
 * <p>Threading: safe from any thread, but not to be called under a pool's lock.
 */
public final class Leases implements AutoCloseable {

  private final RetainedBlocks blocks;
  private final Deadlines deadlines;

  /** The leases that hold blocks. */
  private final Set<TimedLease> active = new HashSet<>();

  private long granted;
  private long expired;
  private long refused;

  /**
   * Creates leases, none yet.
   *
   * @param blocks keeps the blocks of the pool; may be shared with {@link Pins}
   * @param deadlines ends leases; the caller closes them after this
   */
  public Leases(RetainedBlocks blocks, Deadlines deadlines) {
    this.blocks = blocks;
    this.deadlines = deadlines;
  }

  /**
   * Leases blocks that were found.
   *
   * @param found open blocks of the pool; they stay the caller's
   * @param durationNanos how long from now
   * @return the lease, without those that are not in the pool any more, as they live in another
   *     tier now
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if the time is not above 0
   * @throws CapacityException with {@link ErrorCode#NOT_ENOUGH_BLOCKS_AVAILABLE} if more would be
   *     kept than may be; nothing was leased
   * @throws ClosedException if the pool or the deadlines are closed; nothing was leased
   */
  public synchronized Lease grant(List<ImmutableBlock> found, long durationNanos) {
    Durations.requirePositive("a lease", durationNanos);
    List<BlockKey> keys;
    try {
      keys = blocks.retain(found.stream().map(ImmutableBlock::key).toList());
    } catch (CapacityException e) {
      refused++;
      throw e;
    }
    TimedLease lease = new TimedLease(keys);
    try {
      lease.schedule(durationNanos);
    } catch (RuntimeException e) {
      blocks.release(keys); // nothing would ever end it
      throw e;
    }
    active.add(lease);
    granted++;
    return lease;
  }

  /** {@return what is leased} */
  public synchronized LeaseStatistics statistics() {
    long leased = active.stream().mapToLong(lease -> lease.keys.size()).sum();
    return new LeaseStatistics(active.size(), leased, granted, expired, refused);
  }

  /** Ends all leases. Idempotent. */
  @Override
  public synchronized void close() {
    new ArrayList<>(active).forEach(TimedLease::close);
  }

  private synchronized boolean end(TimedLease lease) {
    if (!active.remove(lease)) {
      return false;
    }
    lease.cancelExpiry();
    blocks.release(lease.keys);
    return true;
  }

  private synchronized boolean renew(TimedLease lease, long durationNanos) {
    Durations.requirePositive("a lease", durationNanos);
    if (!active.contains(lease)) {
      return false;
    }
    lease.schedule(durationNanos);
    return true;
  }

  private synchronized void expire(TimedLease lease, int renewals) {
    if (lease.renewals == renewals && end(lease)) {
      expired++;
    }
  }

  private synchronized boolean isActive(TimedLease lease) {
    return active.contains(lease);
  }

  /** One lease. Its fields are guarded by the leases. */
  private final class TimedLease implements Lease {
    private final List<BlockKey> keys;
    private @Nullable Cancellable expiry;

    /** Tells the present deadline from one that was replaced but is about to run. */
    private int renewals;

    TimedLease(List<BlockKey> keys) {
      this.keys = List.copyOf(keys);
    }

    void schedule(long durationNanos) {
      cancelExpiry();
      renewals++;
      int scheduled = renewals;
      expiry = deadlines.scheduleAfter(durationNanos, () -> expire(this, scheduled));
    }

    void cancelExpiry() {
      if (expiry != null) {
        expiry.cancel();
      }
    }

    @Override
    public List<BlockKey> keys() {
      return keys;
    }

    @Override
    public boolean renew(long durationNanos) {
      return Leases.this.renew(this, durationNanos);
    }

    @Override
    public boolean isActive() {
      return Leases.this.isActive(this);
    }

    @Override
    public void close() {
      end(this);
    }
  }
}
