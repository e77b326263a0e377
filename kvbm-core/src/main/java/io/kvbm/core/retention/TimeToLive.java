package io.kvbm.core.retention;

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
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * How long blocks of one pool may live. A block's time begins when it enters the pool; when it is
 * over, a {@link #sweep} drops the block, children before parents. A block in use, or with a child
 * that lives on, is dropped by a later sweep.
 *
 * <p>Memory: about 200 bytes per block that may expire; none for the others. Threading: safe from
 * any thread; {@link #sweep} is not to be called under a pool's lock.
 */
public final class TimeToLive implements ContentListener {

  /** A block that may expire. */
  private record Entry(BlockKey key, @Nullable BlockKey parent, long dueNanos, long number) {}

  private final Clock clock;
  private final ToLongFunction<BlockKey> lifeNanos;
  private final long originNanos;

  /** Guards all below. */
  private final Object monitor = new Object();

  private final Map<BlockKey, Entry> entries = new HashMap<>();
  private final TreeSet<Entry> byTime =
      new TreeSet<>(Comparator.comparingLong(Entry::dueNanos).thenComparingLong(Entry::number));
  private long numbers;
  private long expired;
  private long deferred;

  /**
   * Creates times to live; given to {@link BlockPoolBuilder#content}.
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

  @Override
  public void entered(BlockKey key, @Nullable BlockKey parent, int[] tokens) {
    long life = lifeNanos.applyAsLong(key);
    synchronized (monitor) {
      enter(key, parent, life);
    }
  }

  @Override
  public void left(BlockKey key) {
    synchronized (monitor) {
      forget(key);
    }
  }

  @Override
  public void cleared() {
    synchronized (monitor) {
      entries.clear();
      byTime.clear();
    }
  }

  /**
   * Gives a block another time to live, from now on. Of a block that was to live for ever the
   * parent is not known: where both are over, the parent goes with a later sweep.
   *
   * @param key a block of the pool
   * @param newLifeNanos how long from now, or {@link Deadlines#NEVER}
   */
  public void renew(BlockKey key, long newLifeNanos) {
    synchronized (monitor) {
      Entry before = entries.get(key);
      forget(key);
      enter(key, before == null ? null : before.parent, newLifeNanos);
    }
  }

  /**
   * {@return whether a block's time is over, though it may not be dropped yet}
   *
   * @param key the block
   */
  public boolean isExpired(BlockKey key) {
    synchronized (monitor) {
      Entry entry = entries.get(key);
      return entry != null && entry.dueNanos <= elapsedNanos();
    }
  }

  /**
   * Drops blocks whose time is over.
   *
   * @param pool the pool that reports to this
   * @param limit looks at so many at most
   * @param retryNanos after so long it looks again at those that could not be dropped
   * @return how many were dropped
   */
  public int sweep(BlockPool pool, int limit, long retryNanos) {
    Map<BlockKey, Entry> due = takeDue(limit);
    if (due.isEmpty()) {
      return 0;
    }
    ResetReport report = pool.resetBlocks(childrenFirst(due));
    synchronized (monitor) {
      expired += report.reset().size();
      deferred += report.notReset().size();
      report.notReset().forEach(key -> defer(due.get(key), retryNanos));
      report.notFound().forEach(key -> forgetIfSame(due.get(key)));
    }
    return report.reset().size();
  }

  /** {@return what is watched and was dropped} */
  public Statistics statistics() {
    synchronized (monitor) {
      return new Statistics(entries.size(), expired, deferred);
    }
  }

  private long elapsedNanos() {
    return clock.nanoTime() - originNanos;
  }

  private void enter(BlockKey key, @Nullable BlockKey parent, long life) {
    long elapsed = elapsedNanos();
    if (life >= Deadlines.NEVER - elapsed) {
      return;
    }
    add(new Entry(key, parent, elapsed + life, numbers++));
  }

  private void add(Entry entry) {
    Entry before = entries.put(entry.key, entry);
    if (before != null) {
      byTime.remove(before);
    }
    byTime.add(entry);
  }

  private void forget(BlockKey key) {
    Entry entry = entries.remove(key);
    if (entry != null) {
      byTime.remove(entry);
    }
  }

  private void forgetIfSame(@Nullable Entry entry) {
    if (entry != null && entries.get(entry.key) == entry) {
      forget(entry.key);
    }
  }

  private void defer(@Nullable Entry entry, long retryNanos) {
    if (entry != null && entries.get(entry.key) == entry) {
      add(new Entry(entry.key, entry.parent, elapsedNanos() + retryNanos, numbers++));
    }
  }

  private Map<BlockKey, Entry> takeDue(int limit) {
    Map<BlockKey, Entry> due = new HashMap<>();
    synchronized (monitor) {
      long elapsed = elapsedNanos();
      for (Entry entry : byTime) {
        if (due.size() >= limit || entry.dueNanos > elapsed) {
          break;
        }
        due.put(entry.key, entry);
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
}
