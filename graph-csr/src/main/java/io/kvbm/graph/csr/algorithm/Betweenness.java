package io.kvbm.graph.csr.algorithm;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.api.TransientException;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Betweenness centrality (Brandes: A Faster Algorithm for Betweenness Centrality, 2001), by the
 * number of edges: weights do not count, parallel edges count once, self-loops do not. Time O(n +
 * m) for each source; memory 40 bytes for each vertex, times the threads if there are as many
 * sources.
 *
 * <p>A score is the sum, over all sources and all other vertices as targets, of the share of the
 * shortest paths from source to target that go through the vertex, which itself is neither. Nothing
 * is divided by anything: with all vertices as sources the scores of an undirected graph have every
 * pair twice; a share of all pairs is the score / ((n - 1) (n - 2)); an estimate from k sources
 * taken at random is the score * n / k. Scores are the same for any number of threads.
 */
@Stability(Stability.Level.PREVIEW)
public final class Betweenness {

  private static final int GRAIN = 1 << 12;

  private Betweenness() {}

  /**
   * {@return for each vertex its score, with every vertex as a source}
   *
   * @param graph any graph
   * @param options how it runs
   * @throws TransientException with {@link ErrorCode#CANCELLED}
   * @throws CapacityException with {@link ErrorCode#BUDGET_EXCEEDED}, or {@link
   *     ErrorCode#UNSUPPORTED} if there are more shortest paths between two vertices than a double
   *     counts, 1.8e308
   */
  public static double[] exact(CsrGraph graph, AlgorithmOptions options) {
    int[] all = new int[graph.vertexCount()];
    Arrays.setAll(all, v -> v);
    return scores(graph, all, options);
  }

  /**
   * {@return for each vertex its score by some sources}
   *
   * @param graph any graph
   * @param sources where paths start; one that is given twice counts twice
   * @param options how it runs
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if there is no such vertex
   * @throws TransientException with {@link ErrorCode#CANCELLED}
   * @throws CapacityException as from {@link #exact(CsrGraph, AlgorithmOptions)}
   */
  public static double[] scores(CsrGraph graph, int[] sources, AlgorithmOptions options) {
    for (int source : sources) {
      graph.requireVertex(source);
    }
    try (Team team = new Team(options)) {
      return scores(graph, sources, team);
    }
  }

  /**
   * {@return different vertices at random, as sources}
   *
   * @param graph any graph
   * @param count how many, at most as many as there are
   * @param seed the same seed gives the same vertices
   */
  public static int[] sample(CsrGraph graph, int count, long seed) {
    int vertices = graph.vertexCount();
    if (count < 0 || count > vertices) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "%d different vertices of %d cannot be taken".formatted(count, vertices));
    }
    SplittableRandom random = new SplittableRandom(seed);
    int[] all = new int[vertices];
    Arrays.setAll(all, v -> v);
    for (int i = 0; i < count; i++) {
      int other = random.nextInt(i, vertices);
      int taken = all[other];
      all[other] = all[i];
      all[i] = taken;
    }
    return Arrays.copyOf(all, count);
  }

  static double[] scores(CsrGraph graph, int[] sources, Team team) {
    double[] scores = new double[graph.vertexCount()];
    if (sources.length < team.threads()) {
      Dependencies only = new Dependencies(graph, team);
      for (int source : sources) {
        add(only.of(source), scores, 0, scores.length);
      }
      return scores;
    }
    Dependencies[] several = new Dependencies[team.threads()];
    for (int i = 0; i < several.length; i++) {
      several[i] = new Dependencies(graph, team.isAlone() ? team : team.alone());
    }
    for (int first = 0; first < sources.length; first += several.length) {
      int begin = first;
      int count = Math.min(several.length, sources.length - first);
      team.run(
          count,
          1,
          (from, to, _) -> {
            for (int i = from; i < to; i++) {
              several[i].of(sources[begin + i]);
            }
            return 0;
          });
      team.run(
          scores.length,
          GRAIN,
          (from, to, _) -> {
            for (int i = 0; i < count; i++) { // in the sources' order
              add(several[i].last(), scores, from, to);
            }
            return 0;
          });
    }
    return scores;
  }

  private static void add(double[] more, double[] scores, int from, int to) {
    for (int v = from; v < to; v++) {
      scores[v] += more[v];
    }
  }
}
