package io.kvbm.core.remote;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.pool.ContentListener;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Announces which blocks the lent tiers have. The pools only note which blocks changed; what became
 * of them is looked up and announced elsewhere, so that a block that comes and goes meanwhile costs
 * little, and one that two tiers have is withdrawn when the last loses it. Threading: safe from any
 * thread.
 */
public final class Publisher {

  private static final int BATCH = 1024;

  private final int maxPending;
  private final LongAdder dropped = new LongAdder();
  private Set<BlockKey> pending = new LinkedHashSet<>();
  private boolean recheck;
  private boolean scheduled;
  private boolean stopped;
  private @Nullable Executor executor;
  private @Nullable BlockDirectory directory;
  private List<BlockPool> pools = List.of();

  /** What was announced; only the one announcing task uses it. */
  private final Set<BlockKey> published = new HashSet<>();

  /**
   * Creates a publisher that notes changes until it is started.
   *
   * @param maxPending changed blocks that may wait; further changes are dropped and counted
   */
  public Publisher(int maxPending) {
    this.maxPending = maxPending;
  }

  /** {@return what a lent tier's pool tells} */
  public ContentListener listener() {
    return new ContentListener() {
      @Override
      public void entered(BlockKey key, @Nullable BlockKey parent, int[] tokens) {
        changed(key);
      }

      @Override
      public void left(BlockKey key) {
        changed(key);
      }

      @Override
      public void cleared() {
        recheckAll();
      }
    };
  }

  private synchronized void changed(BlockKey key) {
    if (stopped) {
      return;
    }
    if (pending.size() >= maxPending && !pending.contains(key)) {
      dropped.increment();
      return;
    }
    pending.add(key);
    schedule();
  }

  private synchronized void recheckAll() {
    recheck = true;
    schedule();
  }

  private void schedule() {
    Executor runs = executor;
    if (!scheduled && !stopped && runs != null && (recheck || !pending.isEmpty())) {
      scheduled = true;
      runs.execute(this::announceAll);
    }
  }

  synchronized void start(BlockDirectory to, List<BlockPool> lent, Executor runs) {
    directory = to;
    pools = List.copyOf(lent);
    executor = runs;
    schedule();
  }

  long dropped() {
    return dropped.sum();
  }

  private void announceAll() {
    while (true) {
      Set<BlockKey> due;
      boolean all;
      BlockDirectory to;
      synchronized (this) {
        to = directory;
        if (stopped || to == null || pending.isEmpty() && !recheck) {
          scheduled = false;
          return;
        }
        due = pending;
        all = recheck;
        pending = new LinkedHashSet<>();
        recheck = false;
      }
      if (all) {
        due.addAll(published);
      }
      announce(to, due);
    }
  }

  private void announce(BlockDirectory to, Set<BlockKey> keys) {
    List<BlockKey> added = new ArrayList<>();
    List<BlockKey> removed = new ArrayList<>();
    for (BlockKey key : keys) {
      if (pools.stream().anyMatch(pool -> pool.contains(key))) {
        if (published.add(key)) {
          added.add(key);
        }
      } else if (published.remove(key)) {
        removed.add(key);
      }
      if (added.size() + removed.size() >= BATCH) {
        to.publish(added, removed);
        added = new ArrayList<>();
        removed = new ArrayList<>();
      }
    }
    if (!added.isEmpty() || !removed.isEmpty()) {
      to.publish(added, removed);
    }
  }

  synchronized void stop() {
    stopped = true;
    pending.clear();
  }
}
