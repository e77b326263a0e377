package io.kvbm.backend.remote.directory;

import io.kvbm.api.block.BlockKey;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Which members have which blocks. Members are small numbers. The entries lie in arrays: about 30
 * bytes for a block of one member.
 *
 * <p>Threading: writers take turns, by a lock or by being one thread; readers read beside them
 * without a lock. A look-up of several blocks sees each block as it is at that moment.
 */
public final class BlockIndex {

  private static final int STRIPES = 64;

  private final IndexStripe[] stripes = new IndexStripe[STRIPES];
  private final int maxMembers;
  private final long maxEntries;
  // One counter for each member and one for all; only writers change them.
  private final AtomicLongArray entries;

  /** How an entry was taken. */
  public enum Added {
    /** It is new. */
    NEW,
    /** It had been there. */
    PRESENT,
    /** It was left out: the index is full. */
    FULL
  }

  /**
   * Creates an empty index.
   *
   * @param maxMembers members are numbers below
   * @param maxEntries the most pairs of a block and a member
   */
  public BlockIndex(int maxMembers, long maxEntries) {
    this.maxMembers = maxMembers;
    this.maxEntries = maxEntries;
    entries = new AtomicLongArray(maxMembers + 1);
    for (int i = 0; i < STRIPES; i++) {
      stripes[i] = new IndexStripe();
    }
  }

  /**
   * {@return whether the entry is new, was there, or does not fit}
   *
   * @param member a number
   * @param hi the block's digest
   * @param lo the block's hash
   */
  public Added add(int member, long hi, long lo) {
    if (entries.get(maxMembers) >= maxEntries) {
      return has(member, hi, lo) ? Added.PRESENT : Added.FULL;
    }
    long hash = KeyHash.of(hi, lo);
    if (!stripe(hash).add(hash, hi, lo, member)) {
      return Added.PRESENT;
    }
    count(member, 1);
    return Added.NEW;
  }

  /**
   * {@return whether the entry was there}
   *
   * @param member a number
   * @param hi the block's digest
   * @param lo the block's hash
   */
  public boolean remove(int member, long hi, long lo) {
    long hash = KeyHash.of(hi, lo);
    boolean removed = stripe(hash).remove(hash, hi, lo, member);
    if (removed) {
      count(member, -1);
    }
    return removed;
  }

  /**
   * Removes all entries of a member.
   *
   * @param member a number
   */
  public void removeMember(int member) {
    if (entries.get(member) == 0) {
      return;
    }
    for (IndexStripe stripe : stripes) {
      count(member, -stripe.removeMember(member));
    }
  }

  /**
   * {@return whether a member has a block}
   *
   * @param member a number
   * @param hi the block's digest
   * @param lo the block's hash
   */
  public boolean has(int member, long hi, long lo) {
    long[] bits = newBits();
    return members(hi, lo, bits) && (bits[member >>> 6] & 1L << member) != 0;
  }

  /**
   * {@return whether any member has a block}
   *
   * @param hi the block's digest
   * @param lo the block's hash
   * @param into gets one bit for each member that has it; as long as {@link #newBits}
   */
  public boolean members(long hi, long lo, long[] into) {
    long hash = KeyHash.of(hi, lo);
    return stripe(hash).read(hash, hi, lo, into);
  }

  /** {@return room for one bit for each member} */
  public long[] newBits() {
    return new long[(maxMembers + 63) >>> 6];
  }

  /** {@return pairs of a block and a member} */
  public long entries() {
    return entries.get(maxMembers);
  }

  /**
   * {@return how many blocks a member has}
   *
   * @param member a number
   */
  public long entries(int member) {
    return entries.get(member);
  }

  /** Takes one result of {@link #runs}. */
  @FunctionalInterface
  public interface RunConsumer {
    /**
     * Takes a member.
     *
     * @param member its number
     * @param blocks how many blocks from the first wanted one it has without a gap, 1 or more
     */
    void accept(int member, int blocks);
  }

  /**
   * Finds how many blocks each member has from a first one on, without a gap. Members with fewer
   * come before members with more.
   *
   * @param keys blocks of a sequence
   * @param from the first that is wanted
   * @param consumer called once for each member that has that one
   */
  public void runs(List<BlockKey> keys, int from, RunConsumer consumer) {
    long[] running = newBits();
    if (from >= keys.size() || !members(keys.get(from).hi(), keys.get(from).lo(), running)) {
      return;
    }
    long[] next = newBits();
    int at = from + 1;
    for (boolean any = true; any && at < keys.size(); at++) {
      BlockKey key = keys.get(at);
      members(key.hi(), key.lo(), next);
      any = false;
      for (int i = 0; i < running.length; i++) {
        give(running[i] & ~next[i], i, at - from, consumer);
        running[i] &= next[i];
        any |= running[i] != 0;
      }
    }
    for (int i = 0; i < running.length; i++) {
      give(running[i], i, at - from, consumer);
    }
  }

  private static void give(long bits, int word, int blocks, RunConsumer consumer) {
    for (long left = bits; left != 0; left &= left - 1) {
      consumer.accept(64 * word + Long.numberOfTrailingZeros(left), blocks);
    }
  }

  private void count(int member, int change) {
    entries.lazySet(member, entries.get(member) + change);
    entries.lazySet(maxMembers, entries.get(maxMembers) + change);
  }

  private IndexStripe stripe(long hash) {
    return stripes[(int) (hash >>> 58)];
  }
}
