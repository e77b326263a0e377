package io.kvbm.backend.remote.directory;

/**
 * A set of block keys in one array: 16 bytes for each place, no object for each key. Threading: one
 * thread at a time.
 */
final class KeySet {

  private static final int LEAST_PLACES = 16;

  private long[] places = new long[2 * LEAST_PLACES];
  private int size;
  private boolean hasZero; // two zeros mark an empty place, so that key is kept apart

  /** Creates an empty set. */
  KeySet() {}

  /** Takes what a loop goes through. */
  @FunctionalInterface
  interface KeyConsumer {
    /**
     * Takes a key.
     *
     * @param hi the independent digest
     * @param lo the sequence hash
     */
    void accept(long hi, long lo);
  }

  /** {@return how many keys there are} */
  int size() {
    return size + (hasZero ? 1 : 0);
  }

  /** {@return whether there is none} */
  boolean isEmpty() {
    return size() == 0;
  }

  /**
   * {@return whether a key is in}
   *
   * @param hi the independent digest
   * @param lo the sequence hash
   */
  boolean contains(long hi, long lo) {
    return (hi | lo) == 0 ? hasZero : isAt(find(hi, lo));
  }

  /**
   * {@return whether the key is new}
   *
   * @param hi the independent digest
   * @param lo the sequence hash
   */
  boolean add(long hi, long lo) {
    if ((hi | lo) == 0) {
      boolean added = !hasZero;
      hasZero = true;
      return added;
    }
    int place = find(hi, lo);
    if (isAt(place)) {
      return false;
    }
    places[2 * place] = hi;
    places[2 * place + 1] = lo;
    if (++size * 3L > places.length) { // two thirds of the places
      grow();
    }
    return true;
  }

  /**
   * {@return whether the key was in}
   *
   * @param hi the independent digest
   * @param lo the sequence hash
   */
  boolean remove(long hi, long lo) {
    if ((hi | lo) == 0) {
      boolean removed = hasZero;
      hasZero = false;
      return removed;
    }
    int place = find(hi, lo);
    if (!isAt(place)) {
      return false;
    }
    close(place);
    size--;
    return true;
  }

  /** Removes every key and gives the memory back. */
  void clear() {
    places = new long[2 * LEAST_PLACES];
    size = 0;
    hasZero = false;
  }

  /**
   * Goes through all keys, in no order.
   *
   * @param consumer does not change the set
   */
  void forEach(KeyConsumer consumer) {
    if (hasZero) {
      consumer.accept(0, 0);
    }
    for (int i = 0; i < places.length; i += 2) {
      if ((places[i] | places[i + 1]) != 0) {
        consumer.accept(places[i], places[i + 1]);
      }
    }
  }

  /** {@return the keys, two numbers each: the digest, then the hash} */
  long[] toArray() {
    long[] keys = new long[2 * size()];
    int[] next = {0};
    forEach(
        (hi, lo) -> {
          keys[next[0]++] = hi;
          keys[next[0]++] = lo;
        });
    return keys;
  }

  /** {@return an equal set of its own} */
  KeySet copy() {
    KeySet copy = new KeySet();
    copy.places = places.clone();
    copy.size = size;
    copy.hasZero = hasZero;
    return copy;
  }

  private int find(long hi, long lo) {
    int mask = places.length / 2 - 1;
    int place = (int) KeyHash.of(hi, lo) & mask;
    while (isAt(place) && (places[2 * place] != hi || places[2 * place + 1] != lo)) {
      place = place + 1 & mask;
    }
    return place;
  }

  private boolean isAt(int place) {
    return (places[2 * place] | places[2 * place + 1]) != 0;
  }

  // Moves later keys of the same run down, so that no marks of removed keys pile up.
  private void close(int hole) {
    int mask = places.length / 2 - 1;
    int gap = hole;
    for (int place = gap + 1 & mask; isAt(place); place = place + 1 & mask) {
      int home = (int) KeyHash.of(places[2 * place], places[2 * place + 1]) & mask;
      if ((place - home & mask) >= (place - gap & mask)) {
        places[2 * gap] = places[2 * place];
        places[2 * gap + 1] = places[2 * place + 1];
        gap = place;
      }
    }
    places[2 * gap] = 0;
    places[2 * gap + 1] = 0;
  }

  private void grow() {
    long[] old = places;
    places = new long[2 * old.length];
    for (int i = 0; i < old.length; i += 2) {
      if ((old[i] | old[i + 1]) != 0) {
        int place = find(old[i], old[i + 1]);
        places[2 * place] = old[i];
        places[2 * place + 1] = old[i + 1];
      }
    }
  }
}
