package io.kvbm.graph.csr.algorithm;

import io.kvbm.graph.csr.adjacency.Adjacency;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import io.kvbm.graph.csr.adjacency.RowCursor;
import java.util.ArrayList;
import java.util.List;

/**
 * All paths of the fewest edges. Two breadth-first searches meet; from where they met, distances to
 * the end are carried back to the start. Then every step that gets nearer to the end is part of a
 * path, and paths are listed without ever going wrong.
 */
final class ShortestPathDag {

  /** What is known from one end. */
  private static final class Side {
    final Adjacency rows;
    final RowCursor cursor;
    final EpochMarks reached;
    final int[] depth;
    final IntList queue = new IntList();
    int level;
    long edges;

    Side(Adjacency rows) {
      this.rows = rows;
      cursor = rows.cursor();
      reached = new EpochMarks(rows.vertexCount(), 1);
      depth = new int[rows.vertexCount()];
    }

    void start(int vertex) {
      reached.clear();
      queue.clear();
      level = 0;
      edges = rows.degree(vertex);
      reach(vertex, 0);
      queue.add(vertex);
    }

    void reach(int vertex, int distance) {
      reached.set(vertex, 0);
      depth[vertex] = distance;
    }

    boolean isAt(int vertex, int distance) {
      return reached.isSet(vertex) && depth[vertex] == distance;
    }

    boolean isDone() {
      return level == queue.size();
    }
  }

  private final Side forward;
  private final Side backward;
  private final Meter meter;
  private final int[] listOf;
  private final EpochMarks listed;
  private final IntList lists = new IntList();
  private final IntList meetings = new IntList();

  ShortestPathDag(CsrGraph graph, Meter meter) {
    forward = new Side(graph.out());
    backward = new Side(graph.in());
    listOf = new int[graph.vertexCount()];
    listed = new EpochMarks(graph.vertexCount(), 1);
    this.meter = meter;
  }

  /** {@return the first {@code limit} paths between two different vertices, by their vertices} */
  List<GraphPath> find(int from, int to, int limit) {
    forward.start(from);
    backward.start(to);
    meetings.clear();
    while (meetings.size() == 0) {
      if (forward.isDone() || backward.isDone()) {
        return List.of();
      }
      if (forward.edges <= backward.edges) {
        expand(forward, backward);
      } else {
        expand(backward, forward);
      }
    }
    carryBack();
    return list(from, backward.depth[from], limit);
  }

  /** Goes on by a whole level; what the other side had reached are the meetings. */
  private void expand(Side side, Side other) {
    int end = side.queue.size();
    side.edges = 0;
    for (; side.level < end; side.level++) {
      int vertex = side.queue.get(side.level);
      side.cursor.seek(vertex);
      do {
        int[] ids = side.cursor.ids();
        for (int i = side.cursor.from(); i < side.cursor.to(); i++) {
          int next = ids[i];
          if (!side.reached.isSet(next)) {
            side.reach(next, side.depth[vertex] + 1);
            side.queue.add(next);
            side.edges += side.rows.degree(next);
            if (other.reached.isSet(next)) {
              meetings.add(next);
            }
          }
        }
        meter.spend(side.cursor.to() - side.cursor.from());
      } while (side.cursor.next());
    }
  }

  /** Gives vertices of paths between the start and the meetings their distance to the end. */
  private void carryBack() {
    for (int at = 0; at < meetings.size(); at++) {
      int vertex = meetings.get(at);
      int depth = forward.depth[vertex] - 1;
      backward.cursor.seek(vertex);
      do {
        int[] ids = backward.cursor.ids();
        for (int i = backward.cursor.from(); i < backward.cursor.to(); i++) {
          int previous = ids[i];
          if (forward.isAt(previous, depth) && !backward.reached.isSet(previous)) {
            backward.reach(previous, backward.depth[vertex] + 1);
            meetings.add(previous);
          }
        }
        meter.spend(backward.cursor.to() - backward.cursor.from());
      } while (backward.cursor.next());
    }
  }

  private List<GraphPath> list(int from, int hops, int limit) {
    List<GraphPath> found = new ArrayList<>();
    int[] vertices = new int[hops + 1];
    int[] taken = new int[hops];
    listed.clear();
    lists.clear();
    vertices[0] = from;
    int at = 0;
    while (at >= 0) {
      int list = nearer(vertices[at]);
      if (taken[at] == lists.get(list)) {
        at--;
        continue;
      }
      vertices[at + 1] = lists.get(list + ++taken[at]);
      if (at + 1 < hops) {
        taken[++at] = 0;
        continue;
      }
      meter.spend(hops);
      found.add(new GraphPath(vertices.clone(), hops));
      if (found.size() == limit) {
        break;
      }
    }
    return found;
  }

  /** {@return where the number of vertices is that follow a vertex on paths; they are behind it} */
  private int nearer(int vertex) {
    if (listed.isSet(vertex)) {
      return listOf[vertex];
    }
    int list = lists.size();
    lists.add(0);
    int distance = backward.depth[vertex] - 1;
    forward.cursor.seek(vertex);
    do {
      int[] ids = forward.cursor.ids();
      for (int i = forward.cursor.from(); i < forward.cursor.to(); i++) {
        int count = lists.get(list);
        if (backward.isAt(ids[i], distance) && (count == 0 || lists.get(list + count) != ids[i])) {
          lists.add(ids[i]);
          lists.set(list, count + 1);
        }
      }
      meter.spend(forward.cursor.to() - forward.cursor.from());
    } while (forward.cursor.next());
    listed.set(vertex, 0);
    listOf[vertex] = list;
    return list;
  }
}
