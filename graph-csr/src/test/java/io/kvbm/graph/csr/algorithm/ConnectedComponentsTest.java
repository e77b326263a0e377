package io.kvbm.graph.csr.algorithm;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.graph.csr.adjacency.CsrBuilder;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import io.kvbm.graph.csr.algorithm.RandomGraphs.Edge;
import io.kvbm.graph.csr.algorithm.RandomGraphs.Sample;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConnectedComponentsTest {

  @Test
  void equalsAPlainModel() {
    try (RandomGraphs graphs = new RandomGraphs();
        Team one = new Team(AlgorithmOptions.DEFAULT);
        Team three = new Team(AlgorithmOptions.DEFAULT.withThreads(3), 1)) {
      for (int round = 0; round < RandomGraphs.ROUNDS; round++) {
        Sample sample = graphs.any(round % 8 == 0 ? 150 : 12);
        int[] expected = plainLabels(sample);
        for (CsrGraph graph : sample.graphs()) {
          for (Team team : List.of(one, three)) {
            assertThat(ConnectedComponents.labels(graph, team))
                .as("%s", sample)
                .isEqualTo(expected);
          }
        }
      }
    }
  }

  private static int[] plainLabels(Sample sample) {
    int[] labels = new int[sample.vertexCount()];
    Arrays.setAll(labels, v -> v);
    boolean changed = true;
    while (changed) {
      changed = false;
      for (Edge edge : sample.edges()) {
        int least = Math.min(labels[edge.from()], labels[edge.to()]);
        changed |= labels[edge.from()] != least || labels[edge.to()] != least;
        labels[edge.from()] = least;
        labels[edge.to()] = least;
      }
    }
    return labels;
  }

  @Test
  void theLargestComponentIsWhatASearchReaches() {
    for (CsrGraph graph : List.of(LargerGraphs.KRONECKER, LargerGraphs.GRID)) {
      int[] distances =
          BreadthFirst.distances(graph, LargerGraphs.SOURCE, AlgorithmOptions.DEFAULT);
      for (int threads = 1; threads <= 3; threads++) {
        int[] labels =
            ConnectedComponents.labels(graph, AlgorithmOptions.DEFAULT.withThreads(threads));
        int own = labels[LargerGraphs.SOURCE];
        int unreached = 0;
        for (int v = 0; v < labels.length; v++) {
          assertThat(labels[v] == own).isEqualTo(distances[v] >= 0);
          unreached += labels[v] == v && distances[v] < 0 ? 1 : 0;
        }
        assertThat(ConnectedComponents.count(labels)).isEqualTo(unreached + 1);
      }
    }
  }

  @Test
  void noVerticesHaveNoComponents() {
    CsrGraph empty = CsrGraph.undirected(new CsrBuilder(0).build());
    int[] labels = ConnectedComponents.labels(empty, AlgorithmOptions.DEFAULT);
    assertThat(labels).isEmpty();
    assertThat(ConnectedComponents.count(labels)).isZero();
  }

  @Test
  void endsEarly() {
    RunsEndEarly.require(o -> ConnectedComponents.labels(LargerGraphs.GRID, o));
  }
}
