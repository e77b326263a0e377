package io.kvbm.graph.csr.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.graph.csr.adjacency.CsrBuilder;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import io.kvbm.graph.csr.algorithm.RandomGraphs.Edge;
import io.kvbm.graph.csr.algorithm.RandomGraphs.Sample;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class BreadthFirstTest {

  @Test
  void equalsAPlainSearch() {
    try (RandomGraphs graphs = new RandomGraphs();
        Team one = new Team(AlgorithmOptions.DEFAULT);
        Team three = new Team(AlgorithmOptions.DEFAULT.withThreads(3), 1)) {
      for (int round = 0; round < RandomGraphs.ROUNDS; round++) {
        Sample sample = graphs.any(round % 8 == 0 ? 150 : 12);
        int source = graphs.random().nextInt(sample.vertexCount());
        int[] expected = plainDistances(sample.rows(), source);
        for (CsrGraph graph : sample.graphs()) {
          for (Team team : List.of(one, three)) {
            assertThat(BreadthFirst.distances(graph, source, team))
                .as("%s from %d", sample, source)
                .isEqualTo(expected);
            requireTree(
                sample.toString(),
                graph,
                source,
                expected,
                BreadthFirst.parents(graph, source, team));
          }
        }
      }
    }
  }

  private static int[] plainDistances(List<List<Edge>> rows, int source) {
    int[] distances = new int[rows.size()];
    Arrays.fill(distances, -1);
    distances[source] = 0;
    ArrayDeque<Integer> queue = new ArrayDeque<>(List.of(source));
    while (!queue.isEmpty()) {
      int u = queue.remove();
      for (Edge edge : rows.get(u)) {
        if (distances[edge.to()] < 0) {
          distances[edge.to()] = distances[u] + 1;
          queue.add(edge.to());
        }
      }
    }
    return distances;
  }

  private static void requireTree(
      String name, CsrGraph graph, int source, int[] distances, int[] parents) {
    for (int v = 0; v < parents.length; v++) {
      if (v == source) {
        assertThat(parents[v]).as(name).isEqualTo(source);
      } else if (distances[v] < 0) {
        assertThat(parents[v]).as(name).isEqualTo(BreadthFirst.UNREACHED);
      } else if (distances[parents[v]] != distances[v] - 1
          || !graph.out().contains(parents[v], v)) {
        throw new AssertionError("%s: %d is before %d".formatted(name, parents[v], v));
      }
    }
  }

  @Test
  void largerGraphsAreSearchedTheSameByAnyNumberOfThreads() {
    for (CsrGraph graph : List.of(LargerGraphs.KRONECKER, LargerGraphs.GRID)) {
      int source = LargerGraphs.SOURCE;
      int[] distances = BreadthFirst.distances(graph, source, AlgorithmOptions.DEFAULT);
      for (int threads : new int[] {1, 2, 3}) {
        AlgorithmOptions options = AlgorithmOptions.DEFAULT.withThreads(threads);
        assertThat(BreadthFirst.distances(graph, source, options)).isEqualTo(distances);
        int[] parents = BreadthFirst.parents(graph, source, options);
        requireTree("%d threads".formatted(threads), graph, source, distances, parents);
      }
    }
    int[] grid = BreadthFirst.distances(LargerGraphs.GRID, 0, AlgorithmOptions.DEFAULT);
    for (int v = 0; v < grid.length; v++) {
      assertThat(grid[v]).isEqualTo(v % LargerGraphs.WIDTH + v / LargerGraphs.WIDTH);
    }
  }

  @Test
  void aVertexThatIsNotThereIsRefused() {
    CsrGraph empty = CsrGraph.undirected(new CsrBuilder(0).build());
    assertThatThrownBy(() -> BreadthFirst.parents(empty, 0, AlgorithmOptions.DEFAULT))
        .isInstanceOf(CallerException.class)
        .hasMessage("vertex 0: the graph is empty");
    assertThatThrownBy(
            () -> BreadthFirst.distances(LargerGraphs.GRID, -1, AlgorithmOptions.DEFAULT))
        .hasMessageContaining("vertex -1");
  }

  @Test
  void endsEarly() {
    for (CsrGraph graph : List.of(LargerGraphs.KRONECKER, LargerGraphs.GRID)) {
      RunsEndEarly.require(o -> BreadthFirst.parents(graph, LargerGraphs.SOURCE, o));
      RunsEndEarly.require(o -> BreadthFirst.distances(graph, LargerGraphs.SOURCE, o));
    }
  }
}
