package io.kvbm.graph.csr.algorithm;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.graph.csr.adjacency.Adjacency;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import io.kvbm.graph.csr.adjacency.HeapAdjacency;
import io.kvbm.graph.csr.adjacency.NativeAdjacency;
import io.kvbm.graph.csr.adjacency.RawMemory;
import java.util.Arrays;

/**
 * How much paths from one source depend on each vertex, for one source after the other in memory
 * that is kept. After a search that turns around, both passes of Brandes' algorithm pull: a level
 * adds up what the level next to it has published, while what the others would give is still 0 or
 * cannot be a neighbour. So neither needs to know which edges are on shortest paths, and threads do
 * not write to the same places.
 */
final class Dependencies {

  private static final int GRAIN = 1 << 10;

  private final CsrGraph graph;
  private final Team team;
  private final BreadthFirstSearch search;
  private final int[] distances;
  private final int[] order;
  private final double[] paths;
  private final double[] published;
  private final double[] results;
  private int[] levels = new int[2];

  Dependencies(CsrGraph graph, Team team) {
    this.graph = graph;
    this.team = team;
    int vertices = graph.vertexCount();
    search = new BreadthFirstSearch(graph, team);
    distances = new int[vertices];
    order = new int[vertices];
    paths = new double[vertices];
    published = new double[vertices];
    results = new double[vertices];
  }

  /** {@return for each vertex what was computed last; kept until the next source} */
  double[] last() {
    return results;
  }

  /** {@return for each vertex the shares of paths from the source that go through it, in sum} */
  double[] of(int source) {
    search.run(source, false, distances);
    int deepest = sortByLevel();
    Arrays.fill(results, 0);
    Arrays.fill(published, 0);
    countPaths(source, deepest);
    Arrays.fill(published, 0);
    for (int level = deepest; level > 0; level--) {
      int first = levels[level];
      int count = levels[level + 1] - first;
      team.run(count, GRAIN, (from, to, _) -> pull(graph.out(), results, first + from, first + to));
      for (int i = first; i < first + count; i++) {
        int v = order[i];
        results[v] *= paths[v];
        published[v] = (1 + results[v]) / paths[v];
      }
    }
    return results;
  }

  /** {@return the last level; vertices of each are beside each other from now on} */
  private int sortByLevel() {
    Arrays.fill(levels, 0);
    int deepest = 0;
    for (int distance : distances) {
      if (distance >= 0) {
        if (distance + 2 >= levels.length) {
          levels = Arrays.copyOf(levels, Math.max(distance + 3, 2 * levels.length));
        }
        levels[distance + 2]++;
        deepest = Math.max(deepest, distance);
      }
    }
    for (int i = 2; i <= deepest + 2; i++) {
      levels[i] += levels[i - 1];
    }
    for (int v = 0; v < distances.length; v++) {
      if (distances[v] >= 0) {
        order[levels[distances[v] + 1]++] = v;
      }
    }
    return deepest;
  }

  private void countPaths(int source, int deepest) {
    paths[source] = 1;
    published[source] = 1;
    for (int level = 1; level <= deepest; level++) {
      int first = levels[level];
      int count = levels[level + 1] - first;
      team.run(count, GRAIN, (from, to, _) -> pull(graph.in(), paths, first + from, first + to));
      for (int i = first; i < first + count; i++) {
        int v = order[i];
        published[v] = paths[v];
        if (paths[v] == Double.POSITIVE_INFINITY) {
          throw new CapacityException(
              ErrorCode.UNSUPPORTED,
              "there are more shortest paths from vertex %d to vertex %d than a double counts"
                  .formatted(source, v),
              Long.MAX_VALUE,
              Long.MAX_VALUE);
        }
      }
    }
  }

  private long pull(Adjacency rows, double[] sums, int from, int to) {
    return switch (rows) {
      case HeapAdjacency heap -> pull(heap, sums, from, to);
      case NativeAdjacency outside -> pull(outside, sums, from, to);
    };
  }

  private long pull(HeapAdjacency rows, double[] sums, int from, int to) {
    int[] offsets = rows.offsets();
    int[] ids = rows.ids();
    double[] values = published;
    long looked = 0;
    for (int q = from; q < to; q++) {
      int v = order[q];
      int rowEnd = offsets[v + 1];
      int last = -1;
      double sum = 0;
      for (int i = offsets[v]; i < rowEnd; i++) {
        int id = ids[i];
        if (id != last) {
          sum += values[id];
        }
        last = id;
      }
      sums[v] = sum;
      looked += rowEnd - offsets[v];
    }
    return looked;
  }

  private long pull(NativeAdjacency rows, double[] sums, int from, int to) {
    double[] values = published;
    long looked = 0;
    for (int q = from; q < to; q++) {
      int v = order[q];
      long row = rows.rowAddress(v);
      int degree = rows.degree(v);
      int last = -1;
      double sum = 0;
      for (int i = 0; i < degree; i++) {
        int id = RawMemory.getInt(row + (long) i * Integer.BYTES);
        if (id != last) {
          sum += values[id];
        }
        last = id;
      }
      sums[v] = sum;
      looked += degree;
    }
    return looked;
  }
}
