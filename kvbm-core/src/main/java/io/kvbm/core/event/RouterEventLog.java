package io.kvbm.core.event;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.core.pool.BlockPoolBuilder;
import io.kvbm.core.pool.ContentListener;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Which blocks the tiers of one worker gained and lost, for routers that send a request to the
 * worker with the best cache: numbered events, of which the latest are kept, and an image of what
 * is resident for a router that missed some.
 *
 * <p>Every block of every tier is told, and a block that leaves one tier is removed there whether
 * or not another has it. Blocks that follow one another go into one event until somebody reads it;
 * there is no timer.
 *
 * <p>A router begins with {@link #snapshot()} and goes on with {@link #replay} or {@link
 * #subscribe} from the number after the snapshot's. After a {@link Replay.Gap} it begins anew.
 * Numbers mean something within one log only: compare {@link #incarnation()}.
 *
 * <p>Memory: 32 to 64 bytes and 8 to 16 for the index per resident block, and the events kept,
 * which are bounded in number and in blocks.
 *
 * <p>Threading: safe from any thread. Pools report under their own locks; what they wait for is the
 * recording of one block, or the copy of the flat table for an image (32 bytes per block), never a
 * subscriber.
 */
public final class RouterEventLog {

  private final RouterEventLogConfig config;
  private final long incarnation;
  private final List<RouterSubscription> subscriptions = new CopyOnWriteArrayList<>();

  /** Guards the ring, the open event and the tables. */
  private final Object monitor = new Object();

  private final RouterEventRing ring;
  private final Map<String, ResidentTable> tables = new LinkedHashMap<>();
  private @Nullable OpenEvent open;
  private long storedBlocks;
  private long removedBlocks;

  /**
   * Creates an empty log.
   *
   * @param config how it works
   * @param incarnation tells this log from the one before a restart, for instance the time of day
   */
  public RouterEventLog(RouterEventLogConfig config, long incarnation) {
    this.config = config;
    this.incarnation = incarnation;
    ring = new RouterEventRing(config.maxEvents(), config.maxBlocks());
  }

  /** {@return what tells this log from the one before a restart} */
  public long incarnation() {
    return incarnation;
  }

  /**
   * {@return what a tier's pool reports to, for {@link BlockPoolBuilder#content}}
   *
   * @param tier the tier's name in the events
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if there is a tier of that name
   */
  public ContentListener tier(String tier) {
    synchronized (monitor) {
      ResidentTable table = new ResidentTable();
      if (tables.putIfAbsent(tier, table) != null) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT,
            "tier %s reports to this log already: give each pool a tier of its own"
                .formatted(tier));
      }
      return new TierContent(tier, table);
    }
  }

  /**
   * {@return the events from a number on, or the gap where they are not kept any more}
   *
   * @param from number of the first event wanted, from 1
   * @param limit at most so many
   */
  public Replay replay(long from, int limit) {
    synchronized (monitor) {
      seal();
      if (from < ring.oldest() || from > ring.next()) {
        return new Replay.Gap(from, ring.oldest(), ring.next());
      }
      return new Replay.Events(ring.read(from, limit));
    }
  }

  /** {@return what is resident now} */
  public RouterSnapshot snapshot() {
    Map<String, long[]> images = new HashMap<>();
    long sequence;
    synchronized (monitor) {
      seal();
      sequence = ring.next() - 1;
      tables.forEach((tier, table) -> images.put(tier, table.image()));
    }
    Map<String, List<RouterSnapshot.Resident>> tiers = new HashMap<>();
    images.forEach((tier, image) -> tiers.put(tier, ResidentTable.read(image)));
    return new RouterSnapshot(
        incarnation, sequence, config.blockSize(), config.maxBlocksPerEvent(), tiers);
  }

  /**
   * Lets a sink be given the events from a number on, as they come. It is served on the executor at
   * its own pace; where it falls too far behind it is told of the gap.
   *
   * @param sink takes the events, one at a time; what it throws is logged
   * @param from number of the first event wanted, from 1; the one after a snapshot's
   * @param executor runs the sink, not on the calling thread; the caller closes it
   * @return ends the subscription
   */
  public RouterSubscription subscribe(RouterEventSink sink, long from, Executor executor) {
    RouterSubscription subscription = new RouterSubscription(this, sink, executor, from);
    subscriptions.add(subscription);
    subscription.wake();
    return subscription;
  }

  /** {@return what the log holds and has counted} */
  public Statistics statistics() {
    synchronized (monitor) {
      seal();
      int resident = tables.values().stream().mapToInt(ResidentTable::size).sum();
      return new Statistics(
          ring.next() - 1,
          (int) (ring.next() - ring.oldest()),
          ring.blockCount(),
          resident,
          storedBlocks,
          removedBlocks);
    }
  }

  void unsubscribe(RouterSubscription subscription) {
    subscriptions.remove(subscription);
  }

  private void stored(TierContent content, BlockKey key, @Nullable BlockKey parent, int[] tokens) {
    synchronized (monitor) {
      if (!content.table.add(key, parent)) {
        return;
      }
      storedBlocks++;
      OpenEvent current = open;
      if (current == null || !current.addStored(content.tier, key, parent, tokens)) {
        seal();
        open = OpenEvent.ofStored(content.tier, key, parent, tokens);
      }
      sealIfFull();
    }
    wakeSubscribers();
  }

  private void removed(TierContent content, BlockKey key) {
    synchronized (monitor) {
      if (!content.table.remove(key)) {
        return;
      }
      removedBlocks++;
      OpenEvent current = open;
      if (current == null || !current.addRemoved(content.tier, key)) {
        seal();
        open = OpenEvent.ofRemoved(content.tier, key);
      }
      sealIfFull();
    }
    wakeSubscribers();
  }

  private void cleared(TierContent content) {
    synchronized (monitor) {
      seal();
      removedBlocks += content.table.size();
      content.table.clear();
      ring.append(new RouterEvent.Cleared(content.tier, ring.next()));
    }
    wakeSubscribers();
  }

  private void sealIfFull() {
    OpenEvent current = open;
    if (current != null && current.blockCount() >= config.maxBlocksPerEvent()) {
      seal();
    }
  }

  /** Gives the open event its number. The monitor is held. */
  private void seal() {
    OpenEvent current = open;
    if (current != null) {
      open = null;
      ring.append(current.seal(ring.next(), config.blockSize()));
    }
  }

  private void wakeSubscribers() {
    for (RouterSubscription subscription : subscriptions) {
      subscription.wake();
    }
  }

  /**
   * What a log holds and has counted.
   *
   * @param events events since it was made
   * @param retainedEvents events kept
   * @param retainedBlocks blocks these name
   * @param residentBlocks blocks in all tiers; one in two tiers counts twice
   * @param storedBlocks blocks that entered a tier
   * @param removedBlocks blocks that left a tier
   */
  public record Statistics(
      long events,
      int retainedEvents,
      int retainedBlocks,
      int residentBlocks,
      long storedBlocks,
      long removedBlocks) {}

  /** Writes what one pool reports into the log. */
  private final class TierContent implements ContentListener {
    private final String tier;
    private final ResidentTable table;

    TierContent(String tier, ResidentTable table) {
      this.tier = tier;
      this.table = table;
    }

    @Override
    public void entered(BlockKey key, @Nullable BlockKey parent, int[] tokens) {
      stored(this, key, parent, tokens);
    }

    @Override
    public void left(BlockKey key) {
      removed(this, key);
    }

    @Override
    public void cleared() {
      RouterEventLog.this.cleared(this);
    }
  }
}
