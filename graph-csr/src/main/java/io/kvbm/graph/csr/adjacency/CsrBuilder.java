package io.kvbm.graph.csr.adjacency;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Makes rows out of a list of edges, by counting: first how long each row gets, then every edge
 * into its place, then each row is sorted. Takes memory for the list and the rows.
 */
@Stability(Stability.Level.PREVIEW)
public final class CsrBuilder {

  private static final int FIRST_CAPACITY = 1024;
  private static final int FEW = 24;

  private final int vertexCount;
  private int[] sources = new int[FIRST_CAPACITY];
  private int[] targets = new int[FIRST_CAPACITY];
  private int @Nullable [] weights;
  private int size;
  private boolean symmetric;
  private boolean simple;

  /**
   * Creates a builder without edges.
   *
   * @param vertexCount every id is below it
   */
  public CsrBuilder(int vertexCount) {
    if (vertexCount < 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "%d is no number of vertices".formatted(vertexCount));
    }
    this.vertexCount = vertexCount;
  }

  /**
   * Makes every edge an entry of both of its vertices' rows.
   *
   * @return this
   */
  public CsrBuilder symmetric() {
    symmetric = true;
    return this;
  }

  /**
   * Leaves out self-loops and all but the lightest of parallel edges, as the GAP benchmark's graphs
   * are made.
   *
   * @return this
   */
  public CsrBuilder simple() {
    simple = true;
    return this;
  }

  /**
   * Adds an edge without a weight.
   *
   * @param from where it starts
   * @param to where it ends
   * @return this
   */
  public CsrBuilder add(int from, int to) {
    requireKind(false);
    put(from, to);
    return this;
  }

  /**
   * Adds an edge with a weight.
   *
   * @param from where it starts
   * @param to where it ends
   * @param weight what it costs
   * @return this
   */
  public CsrBuilder add(int from, int to, int weight) {
    requireKind(true);
    put(from, to);
    int[] costs = weights;
    if (costs != null) {
      costs[size - 1] = weight;
    }
    return this;
  }

  private void requireKind(boolean weighted) {
    if (size == 0) {
      weights = weighted ? new int[sources.length] : null;
    } else if (weighted != (weights != null)) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "either every edge has a weight or none has");
    }
  }

  private void put(int from, int to) {
    if (from < 0 || from >= vertexCount || to < 0 || to >= vertexCount) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "edge %d -> %d: ids are 0 to %d".formatted(from, to, vertexCount - 1L));
    }
    if (size == sources.length) {
      grow();
    }
    sources[size] = from;
    targets[size++] = to;
  }

  private void grow() {
    int most = (int) HeapAdjacency.MOST_ENTRIES;
    if (size == most) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "no room for more than %d edges".formatted(most),
          1L + most,
          most);
    }
    int length = (int) Math.min(most, size * 2L);
    sources = Arrays.copyOf(sources, length);
    targets = Arrays.copyOf(targets, length);
    int[] costs = weights;
    if (costs != null) {
      weights = Arrays.copyOf(costs, length);
    }
  }

  /**
   * {@return the rows of the edges added; the builder is empty afterwards}
   *
   * @throws CapacityException if there are more entries than an array has room for
   */
  public HeapAdjacency build() {
    long entries = symmetric ? 2L * size : size;
    if (entries > HeapAdjacency.MOST_ENTRIES) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "%d entries do not fit an array of the heap".formatted(entries),
          entries,
          HeapAdjacency.MOST_ENTRIES);
    }
    int[] offsets = counted();
    int[] ids = new int[(int) entries];
    int[] costs = weights == null ? null : new int[(int) entries];
    place(offsets, ids, costs);
    int[] starts = new int[vertexCount + 1];
    System.arraycopy(offsets, 0, starts, 1, vertexCount); // each is its row's end by now
    for (int v = 0; v < vertexCount; v++) {
      sort(ids, costs, starts[v], starts[v + 1]);
    }
    sources = new int[FIRST_CAPACITY];
    targets = new int[FIRST_CAPACITY];
    weights = null;
    size = 0;
    return simple ? squashed(starts, ids, costs) : HeapAdjacency.ofBuilt(starts, ids, costs);
  }

  /** {@return where each row starts} */
  private int[] counted() {
    int[] counts = new int[vertexCount + 1];
    for (int i = 0; i < size; i++) {
      counts[sources[i]]++;
      if (symmetric) {
        counts[targets[i]]++;
      }
    }
    int sum = 0;
    for (int v = 0; v <= vertexCount; v++) {
      int count = counts[v];
      counts[v] = sum;
      sum += count;
    }
    return counts;
  }

  private void place(int[] next, int[] ids, int @Nullable [] costs) {
    int[] given = weights;
    for (int i = 0; i < size; i++) {
      int at = next[sources[i]]++;
      ids[at] = targets[i];
      if (costs != null && given != null) {
        costs[at] = given[i];
      }
      if (symmetric) {
        int back = next[targets[i]]++;
        ids[back] = sources[i];
        if (costs != null && given != null) {
          costs[back] = given[i];
        }
      }
    }
  }

  /** Sorts by id, then by weight. */
  private static void sort(int[] ids, int @Nullable [] costs, int from, int to) {
    if (costs == null) {
      Arrays.sort(ids, from, to);
    } else if (to - from <= FEW) {
      for (int i = from + 1; i < to; i++) {
        int id = ids[i];
        int cost = costs[i];
        int at = i;
        for (; at > from && isBehind(ids[at - 1], costs[at - 1], id, cost); at--) {
          ids[at] = ids[at - 1];
          costs[at] = costs[at - 1];
        }
        ids[at] = id;
        costs[at] = cost;
      }
    } else {
      long[] both = new long[to - from];
      for (int i = from; i < to; i++) {
        both[i - from] =
            (long) ids[i] << Integer.SIZE | (costs[i] ^ Integer.MIN_VALUE) & 0xFFFF_FFFFL;
      }
      Arrays.sort(both);
      for (int i = from; i < to; i++) {
        ids[i] = (int) (both[i - from] >> Integer.SIZE);
        costs[i] = (int) both[i - from] ^ Integer.MIN_VALUE;
      }
    }
  }

  private static boolean isBehind(int id, int cost, int otherId, int otherCost) {
    return id > otherId || id == otherId && cost > otherCost;
  }

  private HeapAdjacency squashed(int[] starts, int[] ids, int @Nullable [] costs) {
    int[] offsets = new int[vertexCount + 1];
    int kept = 0;
    for (int v = 0; v < vertexCount; v++) {
      for (int i = starts[v]; i < starts[v + 1]; i++) {
        if (ids[i] != v && (i == starts[v] || ids[i] != ids[i - 1])) {
          ids[kept] = ids[i];
          if (costs != null) {
            costs[kept] = costs[i];
          }
          kept++;
        }
      }
      offsets[v + 1] = kept;
    }
    int[] weightsKept = costs == null ? null : Arrays.copyOf(costs, kept);
    return HeapAdjacency.ofBuilt(offsets, Arrays.copyOf(ids, kept), weightsKept);
  }
}
