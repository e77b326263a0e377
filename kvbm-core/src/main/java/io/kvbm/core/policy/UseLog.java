package io.kvbm.core.policy;

/**
 * The latest use of each of many blocks, in the order of time: a ring into which each use is
 * written once. A use that is no longer its block's latest stays as a blank until its turn to leave
 * comes, or until the ring is full and is packed. Each call is O(1) amortised. Not thread safe.
 *
 * <p>A use is 64 bits that say when and in what group, above 0.
 */
final class UseLog {

  /** What stands for no use, and for one that is not the latest of its block any more. */
  static final long NONE = 0;

  private final int blockLimit;
  private final KeyTable positions;
  private final long[] uses;
  private int first;
  private int length;
  private int blockCount;

  /**
   * @param blockLimit how many blocks there is room for, at least 1
   */
  UseLog(int blockLimit) {
    this.blockLimit = blockLimit;
    int room = blockLimit + blockLimit / 4 + 1; // so that packing is seldom and worth it
    positions = new KeyTable(room);
    uses = new long[room];
  }

  /**
   * Writes down a use, the newest, unless its block is unknown and there is no room for it.
   *
   * @return the use of that block before, or {@link #NONE}
   */
  long record(long key, long use) {
    if (length == uses.length) {
      pack();
    }
    int next = position(length);
    int known = positions.find(key);
    long before = NONE;
    if (known != KeyTable.NONE) {
      before = uses[known];
      uses[known] = NONE;
      positions.replace(known, next);
    } else if (blockCount == blockLimit) {
      return NONE;
    } else {
      blockCount++;
      positions.put(next, key);
    }
    uses[next] = use;
    length++;
    return before;
  }

  /** {@return the oldest of the latest uses, or {@link #NONE} if there is none} */
  long oldest() {
    while (length > 0 && uses[first] == NONE) {
      dropFirst();
    }
    return length == 0 ? NONE : uses[first];
  }

  /** Forgets the block whose use {@link #oldest} just told. */
  void removeOldest() {
    positions.remove(first);
    blockCount--;
    dropFirst();
  }

  private void dropFirst() {
    first = first + 1 == uses.length ? 0 : first + 1;
    length--;
  }

  /** {@return how many places {@link #at} knows} */
  int length() {
    return length;
  }

  /** {@return the use in a place, from 0, the oldest first; {@link #NONE} in a blank one} */
  long at(int place) {
    return uses[position(place)];
  }

  private int position(int place) {
    int position = first + place;
    return position < uses.length ? position : position - uses.length;
  }

  private void pack() {
    positions.clear();
    int kept = 0;
    for (int place = 0; place < length; place++) {
      int source = position(place);
      if (uses[source] != NONE) {
        int target = position(kept++);
        positions.put(target, positions.key(source));
        uses[target] = uses[source];
      }
    }
    length = kept;
  }
}
