package io.kvbm.graph.csr.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.graph.csr.adjacency.CsrBuilder;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import io.kvbm.graph.csr.algorithm.RandomGraphs.Edge;
import io.kvbm.graph.csr.algorithm.RandomGraphs.Sample;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShortestDistancesTest {

  private static final int MOST = Integer.MAX_VALUE;

  @Test
  void equalsAPlainModel() {
    try (RandomGraphs graphs = new RandomGraphs();
        Team one = new Team(AlgorithmOptions.DEFAULT);
        Team three = new Team(AlgorithmOptions.DEFAULT.withThreads(3), 1)) {
      for (int round = 0; round < RandomGraphs.ROUNDS; round++) {
        Sample sample =
            graphs.sample(round % 8 == 0 ? 150 : 12, graphs.random().nextBoolean(), round % 9 != 0);
        int source = graphs.random().nextInt(sample.vertexCount());
        int width = 1 << graphs.random().nextInt(6);
        int[] expected = plainDistances(sample, source);
        for (CsrGraph graph : sample.graphs()) {
          for (Team team : List.of(one, three)) {
            assertThat(ShortestDistances.distances(graph, source, width, team))
                .as("%s from %d", sample, source)
                .isEqualTo(expected);
          }
          if (round % 4 == 0) {
            int[] parents =
                ShortestDistances.parents(graph, source, expected, AlgorithmOptions.DEFAULT);
            requireTree(sample, source, expected, parents);
            int guessed = ShortestDistances.bucketWidth(graph);
            assertThat(ShortestDistances.distances(graph, source, guessed, one))
                .isEqualTo(expected);
          }
        }
      }
    }
  }

  private static int[] plainDistances(Sample sample, int source) {
    int[] distances = new int[sample.vertexCount()];
    Arrays.fill(distances, -1);
    distances[source] = 0;
    boolean changed = true;
    while (changed) {
      changed = false;
      for (Edge edge : sample.arcs()) {
        int known = distances[edge.from()];
        int other = distances[edge.to()];
        if (known >= 0 && (other < 0 || known + edge.weight() < other)) {
          distances[edge.to()] = known + edge.weight();
          changed = true;
        }
      }
    }
    return distances;
  }

  private static void requireTree(Sample sample, int source, int[] distances, int[] parents) {
    for (int v = 0; v < parents.length; v++) {
      if (v == source || distances[v] < 0) {
        assertThat(parents[v]).as("%s", sample).isEqualTo(v == source ? source : -1);
        continue;
      }
      int vertex = v;
      int parent = parents[v];
      assertThat(sample.arcs())
          .as("%s: %d before %d", sample, parent, v)
          .anyMatch(
              arc ->
                  arc.from() == parent
                      && arc.to() == vertex
                      && distances[parent] + arc.weight() == distances[vertex]);
      int steps = 0;
      for (int u = v; u != source; u = parents[u]) {
        assertThat(steps++).as("%s: a circle at %d", sample, v).isLessThan(parents.length);
      }
    }
  }

  @Test
  void edgesOfWeightOneAreCounted() {
    for (CsrGraph graph : List.of(LargerGraphs.KRONECKER, LargerGraphs.GRID)) {
      CsrGraph weighted = LargerGraphs.weighted(graph, 1, 3);
      for (int threads = 1; threads <= 3; threads++) {
        AlgorithmOptions options = AlgorithmOptions.DEFAULT.withThreads(threads);
        int[] expected = BreadthFirst.distances(graph, LargerGraphs.SOURCE, options);
        assertThat(ShortestDistances.distances(graph, LargerGraphs.SOURCE, options))
            .isEqualTo(expected);
        assertThat(ShortestDistances.distances(weighted, LargerGraphs.SOURCE, options))
            .isEqualTo(expected);
      }
    }
  }

  @Test
  void largerGraphsHaveTheDistancesOfDijkstra() {
    for (CsrGraph graph :
        List.of(
            LargerGraphs.weighted(LargerGraphs.KRONECKER, 255, 1),
            LargerGraphs.weighted(LargerGraphs.GRID, 100_000, 2),
            LargerGraphs.directedWeighted(LargerGraphs.GRID, 4))) {
      int[] expected = dijkstra(graph, LargerGraphs.SOURCE);
      for (int threads = 1; threads <= 3; threads += 2) {
        AlgorithmOptions options = AlgorithmOptions.DEFAULT.withThreads(threads);
        assertThat(ShortestDistances.distances(graph, LargerGraphs.SOURCE, options))
            .isEqualTo(expected);
        assertThat(ShortestDistances.distances(graph, LargerGraphs.SOURCE, 50, options))
            .isEqualTo(expected);
      }
    }
  }

  private static int[] dijkstra(CsrGraph graph, int source) {
    int[] distances = new int[graph.vertexCount()];
    Arrays.fill(distances, -1);
    PriorityQueue<Long> queue = new PriorityQueue<>(List.of((long) source));
    var cursor = graph.out().cursor();
    while (!queue.isEmpty()) {
      long nearest = queue.remove();
      int u = (int) nearest;
      if (distances[u] < 0) {
        distances[u] = (int) (nearest >> Integer.SIZE);
        cursor.seek(u);
        for (int i = cursor.from(); i < cursor.to(); i++) {
          long distance = (long) distances[u] + cursor.weights()[i];
          queue.add(distance << Integer.SIZE | cursor.ids()[i]);
        }
      }
    }
    return distances;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 1 << 10, 1 << 30, MOST})
  void distancesUpToTheLargestIntAreRightAndLongerOnesRefused(int width) {
    int source = 1;
    CsrGraph exact =
        directed(new int[][] {{1, 0, MOST - 7}, {0, 2, 7}, {2, 3, 0}, {1, 4, MOST}, {4, 4, MOST}});
    CsrGraph shorterToo =
        directed(new int[][] {{1, 0, MOST}, {0, 2, 9}, {1, 3, 5}, {3, 2, 6}, {2, 4, 7}});
    CsrGraph tooLong = directed(new int[][] {{1, 0, MOST}, {0, 2, 1}, {2, 3, 5}});
    CsrGraph longest = directed(new int[][] {{1, 0, MOST}, {0, 2, MOST}});
    for (int threads = 1; threads <= 2; threads++) {
      AlgorithmOptions options = AlgorithmOptions.DEFAULT.withThreads(threads);
      assertThat(ShortestDistances.distances(exact, source, width, options))
          .containsExactly(MOST - 7, 0, MOST, MOST, MOST);
      assertThat(ShortestDistances.distances(shorterToo, source, width, options))
          .containsExactly(MOST, 0, 11, 5, 18);
      assertThatThrownBy(() -> ShortestDistances.distances(tooLong, source, width, options))
          .isInstanceOf(CapacityException.class)
          .hasMessage(
              "vertex 2 is 2147483648 away from vertex 1, and distances are at most 2147483647");
      assertThatThrownBy(() -> ShortestDistances.distances(longest, source, width, options))
          .hasMessageContaining("4294967294 away");
    }
  }

  private static CsrGraph directed(int[][] edges) {
    CsrBuilder out = new CsrBuilder(5);
    CsrBuilder in = new CsrBuilder(5);
    for (int[] edge : edges) {
      out.add(edge[0], edge[1], edge[2]);
      in.add(edge[1], edge[0], edge[2]);
    }
    return new CsrGraph(out.build(), in.build());
  }

  @Test
  void whatCannotBeIsRefused() {
    CsrGraph negative = directed(new int[][] {{0, 1, 4}, {1, 2, -3}});
    AlgorithmOptions options = AlgorithmOptions.DEFAULT;
    assertThatThrownBy(() -> ShortestDistances.distances(negative, 0, options))
        .isInstanceOf(CallerException.class)
        .hasMessageContaining("edge 1 -> 2 has weight -3");
    assertThatThrownBy(() -> ShortestDistances.distances(negative, 5, options))
        .hasMessageContaining("vertex 5");
    assertThatThrownBy(() -> ShortestDistances.distances(negative, 0, 0, options))
        .hasMessageContaining("width of 0");
    assertThatThrownBy(() -> ShortestDistances.parents(negative, 0, new int[4], options))
        .isInstanceOf(CallerException.class);
    assertThatThrownBy(
            () -> ShortestDistances.parents(negative, 0, new int[] {1, 1, 1, 1, 1}, options))
        .hasMessageContaining("distances of this graph from vertex 0");
    CsrGraph empty = CsrGraph.undirected(new CsrBuilder(0).build());
    assertThatThrownBy(() -> ShortestDistances.distances(empty, 0, options))
        .hasMessageContaining("empty");
  }

  @Test
  void endsEarly() {
    CsrGraph graph = LargerGraphs.weighted(LargerGraphs.GRID, 9, 1);
    RunsEndEarly.require(o -> ShortestDistances.distances(graph, LargerGraphs.SOURCE, o));
    int[] distances =
        ShortestDistances.distances(graph, LargerGraphs.SOURCE, AlgorithmOptions.DEFAULT);
    RunsEndEarly.require(o -> ShortestDistances.parents(graph, LargerGraphs.SOURCE, distances, o));
  }
}
