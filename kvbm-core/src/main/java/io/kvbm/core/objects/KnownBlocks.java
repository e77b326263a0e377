package io.kvbm.core.objects;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.store.ObjectStat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.agrona.collections.LongHashSet;
import org.jspecify.annotations.Nullable;

/**
 * Which blocks lie in a service, as of the last time its names were listed, so that a block which
 * is not there is a miss without a request. Whoever asks while the list is old has it made anew, in
 * the background.
 *
 * <p>Two keys with one hash are taken for each other, which costs a request and nothing more.
 * Threading: safe from any thread; {@link #mayHave} waits for nothing and takes no lock.
 */
final class KnownBlocks {

  /** A list is not made anew before this, nor before ten times as long as it took. */
  static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final int REST = 10;
  private static final int PAGE = 1000;

  private final BlockObjects objects;
  private final BoundedWork work;
  private final Clock clock;
  private final int most;
  private final BooleanSupplier isOver;
  private final AtomicBoolean listing = new AtomicBoolean();

  /** Null until there is a list, and while there is more than is to be kept. */
  private volatile @Nullable LongHashSet known;

  private volatile long staleAtNanos;

  /**
   * @param most the most blocks to know, about 16 bytes each; of a service with more nothing is
   *     known
   * @param isOver once true, nothing is listed any more
   */
  KnownBlocks(
      BlockObjects objects, BoundedWork work, Clock clock, int most, BooleanSupplier isOver) {
    this.objects = objects;
    this.work = work;
    this.clock = clock;
    this.most = most;
    this.isOver = isOver;
    staleAtNanos = clock.nanoTime();
  }

  /** {@return whether all is known that was there a while ago} */
  boolean isComplete() {
    return known != null;
  }

  /** {@return false if the block was not there when the names were listed last} */
  boolean mayHave(BlockKey key) {
    if (clock.nanoTime() - staleAtNanos >= 0) {
      refresh();
    }
    LongHashSet now = known;
    return now == null || now.contains(hash(key));
  }

  /** Begins to list the names, unless that is being done. */
  void refresh() {
    if (listing.compareAndSet(false, true)) {
      work.submit(this::list);
    }
  }

  private void list() {
    long begun = clock.nanoTime();
    try {
      LongHashSet found = listed();
      if (!isOver.getAsBoolean()) {
        known = found;
      }
    } catch (RuntimeException | Error e) {
      // What was known is kept. That the service fails shows where blocks are read and written.
    } finally {
      long end = clock.nanoTime();
      staleAtNanos = end + Math.max(INTERVAL_NANOS, REST * (end - begun));
      listing.set(false);
    }
  }

  private @Nullable LongHashSet listed() {
    LongHashSet found = new LongHashSet();
    String after = "";
    while (!isOver.getAsBoolean()) {
      List<ObjectStat> page = objects.list(after, PAGE);
      for (ObjectStat stat : page) {
        BlockObjects.keyOf(stat.key()).ifPresent(key -> found.add(hash(key)));
      }
      if (found.size() > most) {
        return null;
      }
      if (page.size() < PAGE) {
        break;
      }
      after = page.getLast().key();
    }
    return found;
  }

  /** Both halves are hashes already. */
  private static long hash(BlockKey key) {
    return key.hi() ^ Long.rotateLeft(key.lo(), 32);
  }
}
