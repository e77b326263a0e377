package io.kvbm.graph.csr.algorithm;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.api.TransientException;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import io.kvbm.graph.csr.adjacency.RowCursor;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Distances from one vertex to all others by edges with weights from 0 up: delta-stepping (Meyer,
 * Sanders: Δ-stepping: a parallelizable shortest path algorithm, 2003) with bucket fusion (Zhang et
 * al.: Optimizing Ordered Graph Algorithms with GraphIt, CGO 2020). Edges of graphs without weights
 * count 1 each. Along the edges' direction. Memory 4 bytes for each vertex besides the result, and
 * for every vertex whose distance is improved 4 more until its bucket's turn.
 */
@Stability(Stability.Level.PREVIEW)
public final class ShortestDistances {

  /** The distance of a vertex that is not reached. */
  public static final int UNREACHED = -1;

  private static final int SAMPLES = 1000;

  private ShortestDistances() {}

  /**
   * {@return for each vertex its distance from the source, {@link #UNREACHED} where there is no
   * path; the same for any number of threads}
   *
   * @param graph any graph; of parallel edges the lightest counts
   * @param source where paths start
   * @param options how it runs
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if there is no such vertex, with
   *     {@link ErrorCode#INVALID_ARGUMENT} if an edge that is looked at has a weight below 0
   * @throws TransientException with {@link ErrorCode#CANCELLED}
   * @throws CapacityException with {@link ErrorCode#BUDGET_EXCEEDED}, or with {@link
   *     ErrorCode#UNSUPPORTED} if a distance is over 2^31 - 1
   */
  public static int[] distances(CsrGraph graph, int source, AlgorithmOptions options) {
    graph.requireVertex(source);
    try (Team team = new Team(options)) {
      return distances(graph, source, bucketWidth(graph), team);
    }
  }

  /**
   * {@return the distances, see {@link #distances(CsrGraph, int, AlgorithmOptions)}}
   *
   * @param graph any graph; of parallel edges the lightest counts
   * @param source where paths start
   * @param bucketWidth vertices whose distances differ by less than about this are worked on
   *     together, at least 1; does not change the result. Narrow: less work that is done twice;
   *     wide: fewer steps
   * @param options how it runs
   */
  public static int[] distances(
      CsrGraph graph, int source, int bucketWidth, AlgorithmOptions options) {
    graph.requireVertex(source);
    if (bucketWidth < 1) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "a bucket's width of %d is below 1".formatted(bucketWidth));
    }
    try (Team team = new Team(options)) {
      return distances(graph, source, bucketWidth, team);
    }
  }

  static int[] distances(CsrGraph graph, int source, int bucketWidth, Team team) {
    return graph.out().isWeighted()
        ? new DeltaStepping(graph.out(), bucketWidth, team).run(source)
        : BreadthFirst.distances(graph, source, team);
  }

  /** {@return the mean weight divided by the mean degree, about: as Meyer and Sanders advise} */
  static int bucketWidth(CsrGraph graph) {
    if (!graph.out().isWeighted()) {
      return 1;
    }
    SplittableRandom random = new SplittableRandom(graph.vertexCount());
    RowCursor cursor = graph.out().cursor();
    long sum = 0;
    long count = 0;
    for (int i = 0; i < SAMPLES; i++) {
      cursor.seek(random.nextInt(graph.vertexCount()));
      for (int at = cursor.from(); at < cursor.to(); at++) {
        sum += Math.max(0, cursor.weights()[at]);
        count++;
      }
    }
    double degree = (double) graph.out().entryCount() / graph.vertexCount();
    double mean = count == 0 ? 1 : (double) sum / count;
    return (int) Math.clamp(mean / Math.max(1, degree), 1, 1 << 30);
  }

  /**
   * {@return for each vertex the one before it on a shortest path; the source is its own, {@link
   * #UNREACHED} where there is no path} The same always: the smallest id nearer to the source where
   * one is, else one that edges of weight 0 lead from. Time O(n + m), by one thread.
   *
   * @param graph any graph
   * @param source where paths start
   * @param distances what {@link #distances(CsrGraph, int, AlgorithmOptions)} gave
   * @param options how it runs
   */
  public static int[] parents(
      CsrGraph graph, int source, int[] distances, AlgorithmOptions options) {
    graph.requireVertex(source);
    if (distances.length != graph.vertexCount() || distances[source] != 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "these are not the distances of this graph from vertex %d".formatted(source));
    }
    try (Team team = new Team(options)) {
      int[] parents = new int[distances.length];
      Arrays.fill(parents, UNREACHED);
      parents[source] = source;
      nearer(graph, distances, parents, team);
      equallyFar(graph, distances, parents, team);
      return parents;
    }
  }

  private static void nearer(CsrGraph graph, int[] distances, int[] parents, Team team) {
    boolean weighted = graph.in().isWeighted();
    RowCursor cursor = graph.in().cursor();
    for (int v = 0; v < parents.length; v++) {
      if (distances[v] <= 0) {
        continue;
      }
      cursor.seek(v);
      do {
        for (int i = cursor.from(); i < cursor.to() && parents[v] == UNREACHED; i++) {
          int u = cursor.ids()[i];
          int weight = weighted ? cursor.weights()[i] : 1;
          if (weight > 0 && distances[u] >= 0 && distances[u] == distances[v] - weight) {
            parents[v] = u;
          }
        }
      } while (parents[v] == UNREACHED && cursor.next());
      team.check(graph.in().degree(v));
    }
  }

  /** Those that only edges of weight 0 lead to, from those that have a parent on. */
  private static void equallyFar(CsrGraph graph, int[] distances, int[] parents, Team team) {
    IntList queue = new IntList();
    boolean complete = true;
    for (int v = 0; v < parents.length; v++) {
      if (parents[v] != UNREACHED) {
        queue.add(v);
      } else {
        complete &= distances[v] < 0;
      }
    }
    if (complete || !graph.out().isWeighted()) {
      return;
    }
    RowCursor cursor = graph.out().cursor();
    for (int q = 0; q < queue.size; q++) {
      int u = queue.values[q];
      cursor.seek(u);
      do {
        for (int i = cursor.from(); i < cursor.to(); i++) {
          int v = cursor.ids()[i];
          if (cursor.weights()[i] == 0 && parents[v] == UNREACHED && distances[v] == distances[u]) {
            parents[v] = u;
            queue.add(v);
          }
        }
      } while (cursor.next());
      team.check(graph.out().degree(u));
    }
  }
}
