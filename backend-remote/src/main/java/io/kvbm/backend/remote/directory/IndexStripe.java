package io.kvbm.backend.remote.directory;

import java.util.Arrays;
import java.util.concurrent.locks.StampedLock;
import org.jspecify.annotations.Nullable;

/**
 * A part of a {@link BlockIndex}: an open table from keys to sets of members. A set of one member
 * is a number in the table; larger ones are bits beside it.
 *
 * <p>Threading: one writer; readers read without a lock and look afterwards whether the writer came
 * in between.
 */
final class IndexStripe {

  private static final int LEAST_PLACES = 16;
  private static final int OPTIMISTIC_READS = 4;

  private final StampedLock lock = new StampedLock();
  private Table table = new Table(LEAST_PLACES);
  private int keys;

  /** One generation of the arrays: a reader that has it never looks beyond their ends. */
  private static final class Table {
    final long[] keys;
    final int[] sets; // 0: empty place; n > 0: member n - 1 alone; n < 0: bits[-n - 1]
    final int mask;

    long[] @Nullable [] bits = new long[4][];
    int nextBits;
    int freeBits; // how many of free are in use
    int[] free = new int[4];

    Table(int places) {
      keys = new long[2 * places];
      sets = new int[places];
      mask = places - 1;
    }

    int find(long hash, long hi, long lo) {
      int place = (int) hash & mask;
      // A reader beside a writer may see a full table for a moment: it stops after one round.
      for (int seen = 0; seen <= mask; seen++, place = place + 1 & mask) {
        if (sets[place] == 0 || keys[2 * place] == hi && keys[2 * place + 1] == lo) {
          return place;
        }
      }
      return place;
    }

    void put(int place, long hi, long lo, int set) {
      keys[2 * place] = hi;
      keys[2 * place + 1] = lo;
      sets[place] = set;
    }

    int keep(long[] words) {
      int at = freeBits > 0 ? free[--freeBits] : nextBits++;
      if (at == bits.length) {
        bits = Arrays.copyOf(bits, 2 * at);
      }
      bits[at] = words;
      return -at - 1;
    }

    void forget(int set) {
      int at = -set - 1;
      bits[at] = null;
      if (freeBits == free.length) {
        free = Arrays.copyOf(free, 2 * freeBits);
      }
      free[freeBits++] = at;
    }

    long[] words(int set) {
      long[] words = bits[-set - 1];
      if (words == null) {
        throw new IllegalStateException("a set of members is missing");
      }
      return words;
    }
  }

  /** {@return whether any member has the key; then {@code into} has exactly their bits} */
  boolean read(long hash, long hi, long lo, long[] into) {
    for (int attempt = 0; attempt < OPTIMISTIC_READS; attempt++) {
      long stamp = lock.tryOptimisticRead();
      if (stamp != 0) {
        boolean found = copy(hash, hi, lo, into);
        if (lock.validate(stamp)) {
          return found;
        }
      }
      Thread.onSpinWait();
    }
    long stamp = lock.readLock();
    try {
      return copy(hash, hi, lo, into);
    } finally {
      lock.unlockRead(stamp);
    }
  }

  private boolean copy(long hash, long hi, long lo, long[] into) {
    Arrays.fill(into, 0);
    Table now = table;
    int place = now.find(hash, hi, lo);
    int set = now.sets[place];
    if (set == 0 || now.keys[2 * place] != hi || now.keys[2 * place + 1] != lo) {
      return false;
    }
    if (set > 0) {
      if (set - 1 < 64 * into.length) {
        into[set - 1 >>> 6] = 1L << (set - 1);
      }
      return true;
    }
    long[] @Nullable [] bits = now.bits;
    long[] words = -set - 1 < bits.length ? bits[-set - 1] : null;
    if (words == null) {
      return false; // beside a writer only: the stamp does not hold either
    }
    System.arraycopy(words, 0, into, 0, Math.min(words.length, into.length));
    return true;
  }

  /** {@return whether the member had not had the key} */
  boolean add(long hash, long hi, long lo, int member) {
    long stamp = lock.writeLock();
    try {
      int place = table.find(hash, hi, lo);
      int set = table.sets[place];
      if (set == 0) {
        table.put(place, hi, lo, member + 1);
        if (++keys * 3L > (table.mask + 1) * 2L) {
          grow();
        }
        return true;
      }
      return set > 0 ? addSecond(place, set - 1, member) : addBit(set, member);
    } finally {
      lock.unlockWrite(stamp);
    }
  }

  private boolean addSecond(int place, int first, int member) {
    if (first == member) {
      return false;
    }
    long[] words = new long[(Math.max(first, member) >>> 6) + 1];
    words[first >>> 6] |= 1L << first;
    words[member >>> 6] |= 1L << member;
    table.sets[place] = table.keep(words);
    return true;
  }

  private boolean addBit(int set, int member) {
    long[] words = table.words(set);
    if (member >>> 6 >= words.length) {
      words = Arrays.copyOf(words, (member >>> 6) + 1);
      table.bits[-set - 1] = words;
    }
    long bit = 1L << member;
    boolean added = (words[member >>> 6] & bit) == 0;
    words[member >>> 6] |= bit;
    return added;
  }

  /** {@return whether the member had had the key} */
  boolean remove(long hash, long hi, long lo, int member) {
    long stamp = lock.writeLock();
    try {
      int place = table.find(hash, hi, lo);
      return table.sets[place] != 0 && removeAt(place, member);
    } finally {
      lock.unlockWrite(stamp);
    }
  }

  /** {@return how many keys the member had had} */
  int removeMember(int member) {
    long stamp = lock.writeLock();
    try {
      int removed = 0;
      int end = 0;
      while (table.sets[end] != 0) { // the table always has an empty place
        end++;
      }
      // Backwards from an empty place: no run goes across it, so what moves into a place that was
      // emptied comes from one that was seen.
      for (int i = table.mask; i > 0; i--) {
        int place = end + i & table.mask;
        if (table.sets[place] != 0 && removeAt(place, member)) {
          removed++;
        }
      }
      return removed;
    } finally {
      lock.unlockWrite(stamp);
    }
  }

  private boolean removeAt(int place, int member) {
    int set = table.sets[place];
    if (set > 0) {
      if (set - 1 != member) {
        return false;
      }
      close(place);
      keys--;
      return true;
    }
    long[] words = table.words(set);
    long bit = 1L << member;
    if (member >>> 6 >= words.length || (words[member >>> 6] & bit) == 0) {
      return false;
    }
    words[member >>> 6] &= ~bit;
    int left = 0;
    int last = 0;
    for (int i = 0; i < words.length; i++) {
      left += Long.bitCount(words[i]);
      last = words[i] == 0 ? last : 64 * i + Long.numberOfTrailingZeros(words[i]);
    }
    if (left == 1) {
      table.forget(set);
      table.sets[place] = last + 1;
    }
    return true;
  }

  private void close(int hole) {
    Table now = table;
    int gap = hole;
    for (int place = gap + 1 & now.mask; now.sets[place] != 0; place = place + 1 & now.mask) {
      long hi = now.keys[2 * place];
      long lo = now.keys[2 * place + 1];
      int home = (int) KeyHash.of(hi, lo) & now.mask;
      if ((place - home & now.mask) >= (place - gap & now.mask)) {
        now.put(gap, hi, lo, now.sets[place]);
        gap = place;
      }
    }
    now.put(gap, 0, 0, 0);
  }

  private void grow() {
    Table old = table;
    Table next = new Table(2 * (old.mask + 1));
    next.bits = old.bits;
    next.nextBits = old.nextBits;
    next.free = old.free;
    next.freeBits = old.freeBits;
    for (int i = 0; i <= old.mask; i++) {
      if (old.sets[i] != 0) {
        long hi = old.keys[2 * i];
        long lo = old.keys[2 * i + 1];
        next.put(next.find(KeyHash.of(hi, lo), hi, lo), hi, lo, old.sets[i]);
      }
    }
    table = next;
  }
}
