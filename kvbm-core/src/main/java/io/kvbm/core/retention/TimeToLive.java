package io.kvbm.core.retention;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.spi.Clock;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.pool.BlockPoolBuilder;
import io.kvbm.core.pool.ContentListener;
import io.kvbm.core.pool.ResetReport;
import io.kvbm.core.time.Deadlines;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * How long blocks may live. A block's time begins when it enters the first of some tiers and goes
 * on while any of them has it, wherever it is moved. When it is over the block {@link #isExpired},
 * which hides it from look-ups where pools are told to ask, and a {@link #sweep} drops it in every
 * tier, children before parents. A block in use, or with a child that lives on, is dropped by a
 * later sweep.
 *
 * <p>Memory: about 200 bytes per block. Threading: safe from any thread; {@link #sweep} is not to
 * be called under a pool's lock.
 */
public final class TimeToLive {

  /** A block and when its time is over. */
  private static final class Entry {
    private final BlockKey key;
    private final @Nullable BlockKey parent;

    /** Orders those that are due at one time. */
    private final long number;

    /** Which tiers have it, one bit each. */
    private int tiers;

    private long dueNanos;

    /** When a sweep looks at it. */
    private long sweepNanos;

    Entry(BlockKey key, @Nullable BlockKey parent, long number) {
      this.key = key;
      this.parent = parent;
      this.number = number;
    }
  }

  private final Clock clock;
  private final ToLongFunction<BlockKey> lifeNanos;
  private final long originNanos;

  /** No block is due before this time; lets look-ups pass without the lock. */
  private volatile long earliestNanos = Deadlines.NEVER;

  /** Guards all below. */
  private final Object monitor = new Object();

  private final Map<BlockKey, Entry> entries = new HashMap<>();
  private final TreeSet<Entry> byTime =
      new TreeSet<>(
          Comparator.comparingLong((Entry entry) -> entry.sweepNanos)
              .thenComparingLong(entry -> entry.number));

  /** How many of them are due already, and wait for a later sweep. */
  private int waiting;

  private int tierCount;
  private long numbers;
  private long expired;
  private long deferred;

  /**
   * Creates times to live.
   *
   * @param lifeNanos how long a block may live, or {@link Deadlines#NEVER}; for instance by its
   *     namespace; called under the pool's lock, so quick
   * @param clock time
   */
  public TimeToLive(ToLongFunction<BlockKey> lifeNanos, Clock clock) {
    this.lifeNanos = lifeNanos;
    this.clock = clock;
    originNanos = clock.nanoTime();
  }

  /**
   * {@return what the pool of one more tier reports to, for {@link BlockPoolBuilder#content}}
   *
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if there are 32
   */
  public ContentListener tier() {
    synchronized (monitor) {
      if (tierCount == Integer.SIZE) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT, "there are 32 tiers whose blocks are watched already");
      }
      return new TierContent(1 << tierCount++);
    }
  }

  /**
   * Gives a block another time to live, from now on. One that no tier has is left out.
   *
   * @param key a block
   * @param newLifeNanos how long from now, or {@link Deadlines#NEVER}
   */
  public void renew(BlockKey key, long newLifeNanos) {
    synchronized (monitor) {
      Entry entry = entries.get(key);
      if (entry != null) {
        setLife(entry, newLifeNanos);
      }
    }
  }

  /**
   * Blocks were registered anew: those whose time is over live from now on.
   *
   * @param keys the blocks
   */
  public void madeAnew(List<BlockKey> keys) {
    for (BlockKey key : keys) {
      if (isExpired(key)) {
        renew(key, lifeNanos.applyAsLong(key));
      }
    }
  }

  /**
   * {@return whether a block's time is over, though it may not be dropped yet}
   *
   * @param key the block
   */
  public boolean isExpired(BlockKey key) {
    if (earliestNanos == Deadlines.NEVER) {
      return false;
    }
    long elapsed = elapsedNanos();
    if (elapsed < earliestNanos) {
      return false;
    }
    synchronized (monitor) {
      Entry entry = entries.get(key);
      return entry != null && entry.dueNanos <= elapsed;
    }
  }

  /**
   * Drops blocks whose time is over.
   *
   * @param pools those that report to this
   * @param limit looks at so many blocks at most
   * @param retryNanos after so long it looks again at those that could not be dropped
   * @return how many are in no tier any more
   */
  public int sweep(List<BlockPool> pools, int limit, long retryNanos) {
    Map<BlockKey, Entry> due = takeDue(limit);
    if (due.isEmpty()) {
      return 0;
    }
    List<BlockKey> ordered = childrenFirst(due);
    Set<BlockKey> absent = new HashSet<>(ordered);
    for (BlockPool pool : pools) {
      ResetReport report = pool.expireBlocks(ordered);
      report.reset().forEach(absent::remove);
      report.notReset().forEach(absent::remove);
    }
    int gone = 0;
    synchronized (monitor) {
      for (Entry entry : due.values()) {
        if (entries.get(entry.key) != entry) {
          gone += absent.contains(entry.key) ? 0 : 1;
        } else if (absent.contains(entry.key)) {
          forget(entry);
        } else if (entry.dueNanos <= elapsedNanos()) {
          defer(entry, retryNanos);
        }
      }
      expired += gone;
    }
    return gone;
  }

  private void defer(Entry entry, long retryNanos) {
    unlist(entry);
    entry.sweepNanos = elapsedNanos() + retryNanos;
    byTime.add(entry);
    waiting++;
    deferred++;
  }

  /** {@return what is watched and was dropped} */
  public Statistics statistics() {
    synchronized (monitor) {
      return new Statistics(byTime.size(), expired, deferred);
    }
  }

  private long elapsedNanos() {
    return clock.nanoTime() - originNanos;
  }

  private void entered(int tier, BlockKey key, @Nullable BlockKey parent) {
    long life = lifeNanos.applyAsLong(key);
    synchronized (monitor) {
      Entry entry = entries.get(key);
      if (entry == null) {
        entry = new Entry(key, parent, numbers++);
        entries.put(key, entry);
        setLife(entry, life);
      }
      entry.tiers |= tier;
    }
  }

  private void left(int tier, BlockKey key) {
    synchronized (monitor) {
      Entry entry = entries.get(key);
      if (entry != null) {
        leave(entry, tier);
      }
    }
  }

  private void cleared(int tier) {
    synchronized (monitor) {
      List.copyOf(entries.values()).forEach(entry -> leave(entry, tier));
    }
  }

  private void leave(Entry entry, int tier) {
    entry.tiers &= ~tier;
    if (entry.tiers == 0) {
      forget(entry);
    }
  }

  private void forget(Entry entry) {
    entries.remove(entry.key);
    unlist(entry);
  }

  private void unlist(Entry entry) {
    if (byTime.remove(entry) && entry.sweepNanos != entry.dueNanos) {
      waiting--;
    }
  }

  private void setLife(Entry entry, long life) {
    unlist(entry);
    long elapsed = elapsedNanos();
    entry.dueNanos = life >= Deadlines.NEVER - elapsed ? Deadlines.NEVER : elapsed + life;
    entry.sweepNanos = entry.dueNanos;
    if (entry.dueNanos != Deadlines.NEVER) {
      byTime.add(entry);
    }
    earliestNanos = Math.min(earliestNanos, entry.dueNanos);
  }

  private Map<BlockKey, Entry> takeDue(int limit) {
    Map<BlockKey, Entry> due = new HashMap<>();
    synchronized (monitor) {
      long elapsed = elapsedNanos();
      for (Entry entry : byTime) {
        if (due.size() >= limit || entry.sweepNanos > elapsed) {
          break;
        }
        due.put(entry.key, entry);
      }
      if (byTime.isEmpty()) {
        earliestNanos = Deadlines.NEVER;
      } else if (waiting == 0) {
        earliestNanos = byTime.first().dueNanos;
      }
    }
    return due;
  }

  /** Orders blocks by how many of their ancestors are among them, the most first. */
  private static List<BlockKey> childrenFirst(Map<BlockKey, Entry> due) {
    Map<BlockKey, Integer> depths = new HashMap<>();
    for (BlockKey key : due.keySet()) {
      List<BlockKey> path = new ArrayList<>();
      BlockKey current = key;
      while (current != null && due.containsKey(current) && !depths.containsKey(current)) {
        path.add(current);
        depths.put(current, 0); // also ends a circle, which wrong parents could make
        current = due.get(current).parent;
      }
      int depth = current == null ? 0 : depths.getOrDefault(current, 0);
      for (BlockKey step : path.reversed()) {
        depths.put(step, ++depth);
      }
    }
    List<BlockKey> ordered = new ArrayList<>(due.keySet());
    ordered.sort(Comparator.comparing(depths::get, Comparator.reverseOrder()));
    return ordered;
  }

  /**
   * What is watched and was dropped.
   *
   * @param watched blocks that may expire
   * @param expired blocks dropped because their time was over
   * @param deferred how often a block whose time was over could not be dropped yet
   */
  public record Statistics(int watched, long expired, long deferred) {}

  /** What one pool reports. */
  private final class TierContent implements ContentListener {
    private final int tier;

    TierContent(int tier) {
      this.tier = tier;
    }

    @Override
    public void entered(BlockKey key, @Nullable BlockKey parent, int[] tokens) {
      TimeToLive.this.entered(tier, key, parent);
    }

    @Override
    public void left(BlockKey key) {
      TimeToLive.this.left(tier, key);
    }

    @Override
    public void cleared() {
      TimeToLive.this.cleared(tier);
    }
  }
}
