package io.kvbm.cli.simulate;

import io.kvbm.api.policy.EvictionPolicy;
import java.util.Arrays;

/**
 * Bélády's MIN: evicts the block whose next request is farthest, one never requested again being
 * farthest of all, and among equals the one deeper in the request that used it last. The bound that
 * no policy without foresight can pass.
 *
 * <p>It knows the whole trace, and which reference each {@link #touch} stands for, because they
 * come in a fixed order: request by request, each from its last block to its first. O(log n) a
 * call.
 *
 * <p>Source: L. A. Bélády, A study of replacement algorithms for a virtual-storage computer, 1966.
 */
final class MinPolicy implements EvictionPolicy {

  static final String NAME = "min";

  /** Beyond every request. */
  private static final int NEVER = Integer.MAX_VALUE;

  private static final int OUTSIDE = -1;

  private final References references;
  private final int[] nextUses;
  private int request = -1;
  private int index;

  /** By slot: how good a victim it is; the next use in the upper half, the depth in the lower. */
  private long[] ranks;

  /** By slot: its place in the heap. */
  private int[] places;

  /** The candidates, the best victim first. */
  private int[] heap;

  private int candidateCount;

  /**
   * @param references what will be asked for, in this order
   * @param nextUses what {@link #nextUses} gave for it
   * @param capacity slots of the tier
   */
  MinPolicy(References references, int[] nextUses, int capacity) {
    this.references = references;
    this.nextUses = nextUses;
    this.ranks = new long[capacity];
    this.heap = new int[capacity];
    this.places = new int[capacity];
    Arrays.fill(places, OUTSIDE);
  }

  /** Returns, for each reference, the next request after its own that contains its block. */
  static int[] nextUses(References references) {
    int[] nextUses = new int[references.count()];
    int[] nextRequests = new int[references.uniqueCount()];
    Arrays.fill(nextRequests, NEVER);
    for (int request = references.requestCount() - 1; request >= 0; request--) {
      int start = references.start(request);
      int end = references.start(request + 1);
      for (int i = start; i < end; i++) {
        nextUses[i] = nextRequests[references.block(i)];
      }
      for (int i = start; i < end; i++) {
        nextRequests[references.block(i)] = request;
      }
    }
    return nextUses;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void grow(int capacity) {
    int before = places.length;
    ranks = Arrays.copyOf(ranks, capacity);
    heap = Arrays.copyOf(heap, capacity);
    places = Arrays.copyOf(places, capacity);
    Arrays.fill(places, before, capacity, OUTSIDE);
  }

  /** The rank comes with the first touch. */
  @Override
  public void insert(int slot, long key, int parent, int priority) {}

  @Override
  public void touch(int slot) {
    ranks[slot] = nextRank();
    if (places[slot] != OUTSIDE) {
      restore(slot);
    }
  }

  /** Foresight needs no priorities. */
  @Override
  public void prioritize(int slot, int priority) {}

  @Override
  public void offer(int slot) {
    if (places[slot] == OUTSIDE) {
      put(slot, candidateCount++);
      restore(slot);
    }
  }

  @Override
  public void withdraw(int slot) {
    int place = places[slot];
    if (place != OUTSIDE) {
      places[slot] = OUTSIDE;
      int last = heap[--candidateCount];
      if (last != slot) {
        put(last, place);
        restore(last);
      }
    }
  }

  @Override
  public void remove(int slot) {
    withdraw(slot);
  }

  @Override
  public int victim() {
    return candidateCount == 0 ? NONE : heap[0];
  }

  @Override
  public void evicted(int slot) {
    withdraw(slot);
  }

  @Override
  public int candidateCount() {
    return candidateCount;
  }

  /** Goes to the reference that is being served, and ranks its block. */
  private long nextRank() {
    while (request < 0 || index == references.start(request)) {
      request++;
      index = references.start(request + 1);
    }
    index--;
    int depth = index - references.start(request);
    return (long) nextUses[index] << Integer.SIZE | depth;
  }

  private void restore(int slot) {
    int place = siftUp(slot, places[slot]);
    siftDown(slot, place);
  }

  private int siftUp(int slot, int from) {
    int place = from;
    while (place > 0) {
      int parent = (place - 1) >>> 1;
      if (!isBetter(slot, heap[parent])) {
        break;
      }
      put(heap[parent], place);
      place = parent;
    }
    put(slot, place);
    return place;
  }

  private void siftDown(int slot, int from) {
    int place = from;
    while (true) {
      int child = 2 * place + 1;
      if (child >= candidateCount) {
        break;
      }
      if (child + 1 < candidateCount && isBetter(heap[child + 1], heap[child])) {
        child++;
      }
      if (!isBetter(heap[child], slot)) {
        break;
      }
      put(heap[child], place);
      place = child;
    }
    put(slot, place);
  }

  private void put(int slot, int place) {
    heap[place] = slot;
    places[slot] = place;
  }

  /** Blocks of the same rank are equal; the slot decides, so that every run gives the same. */
  private boolean isBetter(int left, int right) {
    return ranks[left] != ranks[right] ? ranks[left] > ranks[right] : left > right;
  }
}
