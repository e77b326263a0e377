package io.kvbm.graph.csr.algorithm;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import io.kvbm.graph.csr.adjacency.RowCursor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Dijkstra's algorithm from both ends. Each side goes on where it has looked at fewer entries; they
 * are done when what is still to come on both sides is no lighter than the best path known.
 */
final class LightestSearch {

  /** Nothing is forbidden behind the start. */
  static final int[] NOTHING = {};

  private static final int NONE = -1;

  /** A path and what it costs from its start to each of its vertices. */
  static final class Found {
    final int[] vertices;
    final long[] costs;

    Found(int[] vertices, long[] costs) {
      this.vertices = vertices;
      this.costs = costs;
    }

    long weight() {
      return costs[costs.length - 1];
    }
  }

  /** What is known from one end. */
  private static final class Side {
    final boolean ahead;
    final RowCursor cursor;
    final EpochMarks reached;
    final int[] before;
    final long[] distance;
    final DistanceHeap heap = new DistanceHeap();
    long looked;

    Side(boolean ahead, RowCursor cursor, int vertices) {
      this.ahead = ahead;
      this.cursor = cursor;
      reached = new EpochMarks(vertices, 1);
      before = new int[vertices];
      distance = new long[vertices];
    }

    void start(int vertex) {
      reached.clear();
      heap.clear();
      looked = 0;
      reach(vertex, NONE, 0);
    }

    boolean hasAsNear(int vertex, long length) {
      return reached.isSet(vertex) && distance[vertex] <= length;
    }

    void reach(int vertex, int from, long length) {
      reached.set(vertex, 0);
      before[vertex] = from;
      distance[vertex] = length;
      heap.push(length, vertex);
    }
  }

  private final Side forward;
  private final Side backward;
  private final Meter meter;
  private @Nullable EpochMarks forbidden;
  private int[] notNext = NOTHING;
  private int start;
  private long best;
  private int meeting;

  LightestSearch(CsrGraph graph, Meter meter) {
    forward = new Side(true, graph.out().cursor(), graph.vertexCount());
    backward = new Side(false, graph.in().cursor(), graph.vertexCount());
    this.meter = meter;
  }

  /** From now on no path comes to vertices that are set in the marks. */
  void forbid(@Nullable EpochMarks vertices) {
    forbidden = vertices;
  }

  /**
   * {@return the lightest path, or null}
   *
   * @param from where it starts
   * @param to where it ends, another vertex
   * @param next vertices that may not follow the first, sorted
   * @param bound only a lighter path is looked for
   */
  @Nullable Found find(int from, int to, int[] next, long bound) {
    notNext = next;
    start = from;
    best = bound;
    meeting = NONE;
    forward.start(from);
    backward.start(to);
    while (!forward.heap.isEmpty()
        && !backward.heap.isEmpty()
        && forward.heap.nearest() + backward.heap.nearest() < best) {
      if (forward.looked <= backward.looked) {
        settle(forward, backward);
      } else {
        settle(backward, forward);
      }
    }
    return meeting == NONE ? null : found();
  }

  private void settle(Side side, Side other) {
    long distance = side.heap.nearest();
    int vertex = side.heap.pop();
    if (distance != side.distance[vertex]) {
      return; // a shorter way to it was found meanwhile
    }
    RowCursor cursor = side.cursor;
    cursor.seek(vertex);
    do {
      int[] ids = cursor.ids();
      int[] weights = cursor.weights();
      boolean weighted = weights.length > 0;
      for (int i = cursor.from(); i < cursor.to(); i++) {
        int weight = weighted ? weights[i] : 1;
        if (weight < 0) {
          throw negative(side, vertex, ids[i], weight);
        }
        relax(side, other, vertex, ids[i], distance + weight);
      }
      int count = cursor.to() - cursor.from();
      side.looked += count + 1;
      meter.spend(count);
    } while (cursor.next());
  }

  private void relax(Side side, Side other, int vertex, int next, long length) {
    if (length >= best || side.hasAsNear(next, length) || isForbidden(side, vertex, next)) {
      return;
    }
    side.reach(next, vertex, length);
    if (other.reached.isSet(next) && length + other.distance[next] < best) {
      best = length + other.distance[next];
      meeting = next;
    }
  }

  private boolean isForbidden(Side side, int vertex, int next) {
    if (forbidden != null && forbidden.isSet(next)) {
      return true;
    }
    if (side.ahead) {
      return vertex == start && Arrays.binarySearch(notNext, next) >= 0;
    }
    return next == start && Arrays.binarySearch(notNext, vertex) >= 0;
  }

  private static CallerException negative(Side side, int vertex, int next, int weight) {
    return new CallerException(
        ErrorCode.INVALID_ARGUMENT,
        "edge %d -> %d weighs %d; paths need weights of 0 or more"
            .formatted(side.ahead ? vertex : next, side.ahead ? next : vertex, weight));
  }

  private Found found() {
    int before = 0;
    for (int v = meeting; forward.before[v] != NONE; v = forward.before[v]) {
      before++;
    }
    int hops = before;
    for (int v = meeting; backward.before[v] != NONE; v = backward.before[v]) {
      hops++;
    }
    int[] vertices = new int[hops + 1];
    long[] costs = new long[hops + 1];
    int vertex = meeting;
    for (int i = before; i >= 0; i--) {
      vertices[i] = vertex;
      costs[i] = forward.distance[vertex];
      vertex = forward.before[vertex];
    }
    vertex = meeting;
    for (int i = before; i <= hops; i++) {
      vertices[i] = vertex;
      costs[i] = best - backward.distance[vertex];
      vertex = backward.before[vertex];
    }
    return new Found(vertices, costs);
  }
}
