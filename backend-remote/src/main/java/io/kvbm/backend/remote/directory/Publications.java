package io.kvbm.backend.remote.directory;

import io.kvbm.api.block.BlockKey;
import java.util.List;

/**
 * What a member has and what of it the others do not know yet. A block that comes and goes between
 * two batches leaves no trace. Bounded: at most as many blocks as the limit are held, and as many
 * are to be withdrawn. Threading: safe from any thread; a caller waits for another's loop over keys
 * at most.
 */
public final class Publications {

  private final int maxBlocks;
  private final KeySet held = new KeySet();
  private KeySet added = new KeySet();
  private KeySet removed = new KeySet();
  private boolean reset;
  private long changes; // counts every change: what flush waits for
  private long published;
  private long dropped;

  /**
   * Creates an empty list.
   *
   * @param maxBlocks the most blocks the member announces
   */
  public Publications(int maxBlocks) {
    this.maxBlocks = maxBlocks;
  }

  /**
   * What changed since the last batch.
   *
   * @param reset whether what was sent before is void
   * @param added keys, two numbers each
   * @param removed keys, two numbers each
   * @param changes the number of the last change in it
   */
  @SuppressWarnings("ArrayRecordComponent") // not compared
  public record Batch(boolean reset, long[] added, long[] removed, long changes) {

    /** {@return whether there is nothing to send} */
    public boolean isEmpty() {
      return !reset && added.length == 0 && removed.length == 0;
    }
  }

  /**
   * Takes changes.
   *
   * @param more blocks the member has
   * @param less blocks it no longer has
   * @return how many changes wait
   */
  public synchronized int change(List<BlockKey> more, List<BlockKey> less) {
    for (BlockKey key : less) {
      if (held.remove(key.hi(), key.lo())) {
        published++;
        if (!added.remove(key.hi(), key.lo())) {
          removed.add(key.hi(), key.lo());
        }
      }
    }
    for (BlockKey key : more) {
      if (held.size() >= maxBlocks && !held.contains(key.hi(), key.lo())) {
        dropped++;
      } else if (held.add(key.hi(), key.lo())) {
        published++;
        if (!removed.remove(key.hi(), key.lo())) {
          added.add(key.hi(), key.lo());
        }
      }
    }
    changes++;
    return added.size() + removed.size();
  }

  /** The member has nothing any more. */
  public synchronized void clear() {
    published += held.size();
    held.clear();
    added.clear();
    removed.clear();
    reset = true;
    changes++;
  }

  /** Everything held has to be sent again, to others that know nothing. */
  public synchronized void restart() {
    added = held.copy();
    removed.clear();
    reset = false;
  }

  /** {@return what is to be sent; it counts as sent, until {@link #restart}} */
  public synchronized Batch take() {
    Batch batch = new Batch(reset, added.toArray(), removed.toArray(), changes);
    added = new KeySet();
    removed = new KeySet();
    reset = false;
    return batch;
  }

  /** {@return what the others know when everything taken was sent: keys, two numbers each} */
  public synchronized long[] sent() {
    if (reset) {
      return new long[0]; // everything is to be withdrawn soon
    }
    KeySet sent = held.copy();
    added.forEach(sent::remove);
    removed.forEach(sent::add);
    return sent.toArray();
  }

  /** {@return the number of the last change} */
  public synchronized long changes() {
    return changes;
  }

  /** {@return how many blocks the member has} */
  public synchronized int held() {
    return held.size();
  }

  /** {@return how many changes were taken} */
  public synchronized long published() {
    return published;
  }

  /** {@return how many blocks were left out} */
  public synchronized long dropped() {
    return dropped;
  }
}
