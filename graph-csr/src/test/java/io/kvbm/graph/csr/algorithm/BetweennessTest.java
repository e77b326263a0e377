package io.kvbm.graph.csr.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.graph.csr.adjacency.CsrBuilder;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import io.kvbm.graph.csr.algorithm.RandomGraphs.Edge;
import io.kvbm.graph.csr.algorithm.RandomGraphs.Sample;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class BetweennessTest {

  @Test
  void equalsAPlainModel() {
    try (RandomGraphs graphs = new RandomGraphs();
        Team one = new Team(AlgorithmOptions.DEFAULT);
        Team three = new Team(AlgorithmOptions.DEFAULT.withThreads(3), 1)) {
      for (int round = 0; round < RandomGraphs.ROUNDS; round++) {
        Sample sample = graphs.any(round % 16 == 0 ? 40 : 10);
        int[] sources = new int[graphs.random().nextInt(sample.vertexCount() + 1)];
        Arrays.setAll(sources, _ -> graphs.random().nextInt(sample.vertexCount()));
        double[] expected = plainScores(sample, sources);
        for (CsrGraph graph : sample.graphs()) {
          for (Team team : List.of(one, three)) {
            double[] scores = Betweenness.scores(graph, sources, team);
            Scores.requireClose(sample.name(), scores, expected, 1e-9);
          }
        }
      }
    }
  }

  /** By the definition: paths s to t through v are paths s to v times paths v to t. */
  private static double[] plainScores(Sample sample, int[] sources) {
    int vertices = sample.vertexCount();
    boolean[][] near = new boolean[vertices][vertices];
    for (Edge edge : sample.arcs()) {
      near[edge.from()][edge.to()] = true;
    }
    int[][] distances = new int[vertices][vertices];
    double[][] paths = new double[vertices][vertices];
    for (int s = 0; s < vertices; s++) {
      Arrays.fill(distances[s], -1);
      distances[s][s] = 0;
      paths[s][s] = 1;
      for (int d = 0; d < vertices; d++) {
        for (int u = 0; u < vertices; u++) {
          for (int v = 0; distances[s][u] == d && v < vertices; v++) {
            if (near[u][v] && (distances[s][v] < 0 || distances[s][v] == d + 1)) {
              distances[s][v] = d + 1;
              paths[s][v] += paths[s][u];
            }
          }
        }
      }
    }
    double[] scores = new double[vertices];
    for (int s : sources) {
      for (int t = 0; t < vertices; t++) {
        for (int v = 0; t != s && distances[s][t] > 0 && v < vertices; v++) {
          if (v != s
              && v != t
              && distances[s][v] > 0
              && distances[v][t] > 0
              && distances[s][v] + distances[v][t] == distances[s][t]) {
            scores[v] += paths[s][v] * paths[v][t] / paths[s][t];
          }
        }
      }
    }
    return scores;
  }

  @Test
  void scoresOfLargerGraphsAreTheSameForAnyNumberOfThreads() {
    for (CsrGraph graph : List.of(LargerGraphs.KRONECKER, LargerGraphs.GRID)) {
      int[] sources = Betweenness.sample(graph, 4, 9);
      for (int count : new int[] {1, 4}) {
        int[] some = Arrays.copyOf(sources, count);
        double[] one = Betweenness.scores(graph, some, AlgorithmOptions.DEFAULT);
        for (int threads = 2; threads <= 3; threads++) {
          assertThat(Betweenness.scores(graph, some, AlgorithmOptions.DEFAULT.withThreads(threads)))
              .isEqualTo(one);
        }
        requireSumOfInnerVertices(graph, some, one);
      }
    }
  }

  /** A path of d edges has d - 1 inner vertices: all scores together are that, over all targets. */
  private static void requireSumOfInnerVertices(CsrGraph graph, int[] sources, double[] scores) {
    double expected = 0;
    for (int source : sources) {
      for (int distance : BreadthFirst.distances(graph, source, AlgorithmOptions.DEFAULT)) {
        expected += Math.max(0, distance - 1);
      }
    }
    assertThat(Arrays.stream(scores).sum()).isEqualTo(expected, within(expected * 1e-9));
  }

  @Test
  void theMiddleOfAPathIsBetweenItsEnds() {
    CsrGraph path = CsrGraph.undirected(new CsrBuilder(3).symmetric().add(0, 1).add(1, 2).build());
    assertThat(Betweenness.exact(path, AlgorithmOptions.DEFAULT)).containsExactly(0, 2, 0);
  }

  @Test
  void morePathsThanADoubleCountsAreRefused() {
    int steps = 1100;
    CsrBuilder builder = new CsrBuilder(3 * steps + 1).symmetric();
    for (int i = 0; i < 3 * steps; i += 3) {
      builder.add(i, i + 1).add(i, i + 2).add(i + 1, i + 3).add(i + 2, i + 3);
    }
    CsrGraph diamonds = CsrGraph.undirected(builder.build());
    int[] source = {0};
    Betweenness.scores(diamonds, new int[] {3 * steps / 2}, AlgorithmOptions.DEFAULT);
    assertThatThrownBy(() -> Betweenness.scores(diamonds, source, AlgorithmOptions.DEFAULT))
        .isInstanceOf(CapacityException.class)
        .hasMessageContaining("more shortest paths from vertex 0");
    assertThat(Betweenness.scores(diamonds, new int[0], AlgorithmOptions.DEFAULT)).containsOnly(0);
  }

  @Test
  void samplesAreDifferentVertices() {
    int[] all = Betweenness.sample(LargerGraphs.GRID, 90_000, 1);
    assertThat(Arrays.stream(all).distinct().count()).isEqualTo(90_000);
    assertThat(Betweenness.sample(LargerGraphs.GRID, 5, 1)).isEqualTo(Arrays.copyOf(all, 5));
    assertThatThrownBy(() -> Betweenness.sample(LargerGraphs.GRID, 90_001, 1))
        .isInstanceOf(CallerException.class);
    assertThatThrownBy(() -> Betweenness.sample(LargerGraphs.GRID, -1, 1))
        .isInstanceOf(CallerException.class);
  }

  @Test
  void unknownSourcesAreRefusedAndEmptyGraphsHaveNoScores() {
    CsrGraph empty = CsrGraph.undirected(new CsrBuilder(0).build());
    assertThat(Betweenness.exact(empty, AlgorithmOptions.DEFAULT)).isEmpty();
    assertThatThrownBy(() -> Betweenness.scores(empty, new int[] {0}, AlgorithmOptions.DEFAULT))
        .hasMessageContaining("empty");
  }

  @Test
  void endsEarly() {
    int[] sources = {LargerGraphs.SOURCE, 5, 6, 7};
    RunsEndEarly.require(o -> Betweenness.scores(LargerGraphs.KRONECKER, sources, o));
  }
}
