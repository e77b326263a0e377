package io.kvbm.graph.csr.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.kvbm.api.CancellationToken;
import io.kvbm.api.CapacityException;
import io.kvbm.api.TransientException;
import io.kvbm.graph.csr.adjacency.CsrBuilder;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocalClusteringTest {

  private static final AlgorithmOptions ONE = AlgorithmOptions.DEFAULT;
  private static final AlgorithmOptions THREE = AlgorithmOptions.DEFAULT.withThreads(3);

  @Test
  void coefficientsAreThoseOfThePlainModel() {
    try (RandomGraphs graphs = new RandomGraphs()) {
      for (int round = 0; round < RandomGraphs.ROUNDS; round++) {
        requireModel(graphs.any(round % 50 == 0 ? 60 : 12));
      }
    }
  }

  @Test
  void coefficientsOfManyChunksAreThoseOfThePlainModel() {
    try (RandomGraphs graphs = new RandomGraphs()) {
      for (int round = 0; round < 3; round++) {
        List<RandomGraphs.Edge> edges = new ArrayList<>();
        for (int i = 0; i < 5000; i++) { // many of few, so that there are triangles and hubs
          int near = graphs.random().nextInt(30);
          edges.add(new RandomGraphs.Edge(graphs.random().nextInt(1500), near * near, 1));
        }
        requireModel(graphs.sample(1500, round % 2 == 0, false, edges));
      }
    }
  }

  private static void requireModel(RandomGraphs.Sample sample) {
    double[] expected = model(sample);
    AlgorithmOptions heapOptions = sample.edges().size() % 2 == 0 ? ONE : THREE;
    AlgorithmOptions outsideOptions = heapOptions == ONE ? THREE : ONE;
    assertThat(LocalClustering.run(sample.heap(), heapOptions))
        .as("%s", sample)
        .isEqualTo(expected);
    assertThat(LocalClustering.run(sample.outside(), outsideOptions))
        .as("%s", sample)
        .isEqualTo(expected);
  }

  private static double[] model(RandomGraphs.Sample sample) {
    List<Set<Integer>> targets = new ArrayList<>();
    List<Set<Integer>> neighbours = new ArrayList<>();
    for (int v = 0; v < sample.vertexCount(); v++) {
      targets.add(new TreeSet<>());
      neighbours.add(new TreeSet<>());
    }
    for (RandomGraphs.Edge arc : sample.arcs()) {
      if (arc.from() != arc.to()) {
        targets.get(arc.from()).add(arc.to());
        neighbours.get(arc.from()).add(arc.to());
        neighbours.get(arc.to()).add(arc.from());
      }
    }
    double[] coefficients = new double[sample.vertexCount()];
    for (int v = 0; v < coefficients.length; v++) {
      long edges = 0;
      for (int u : neighbours.get(v)) {
        for (int w : targets.get(u)) {
          edges += neighbours.get(v).contains(w) ? 1 : 0;
        }
      }
      double size = neighbours.get(v).size();
      coefficients[v] = size < 2 ? 0 : edges / (size * (size - 1));
    }
    return coefficients;
  }

  @Test
  void examplesOfGraphalyticsHaveTheirResults() {
    assertThat(LocalClustering.run(GraphalyticsExamples.DIRECTED, ONE))
        .containsExactly(GraphalyticsExamples.DIRECTED_LCC, within(1e-15));
    assertThat(LocalClustering.run(GraphalyticsExamples.UNDIRECTED, ONE))
        .containsExactly(GraphalyticsExamples.UNDIRECTED_LCC, within(1e-15));
  }

  @Test
  void hubDoesNotCostTheSquareOfItsDegree() {
    int leaves = 20_000;
    CsrBuilder builder = new CsrBuilder(leaves + 1).symmetric();
    for (int v = 1; v <= leaves; v++) {
      builder.add(0, v).add(v, v % leaves + 1);
    }
    CsrGraph wheel = CsrGraph.undirected(builder.build());
    double[] coefficients = LocalClustering.run(wheel, THREE.withEdgeBudget(20L * leaves));
    assertThat(coefficients[0]).isEqualTo(2.0 / (leaves - 1));
    assertThat(coefficients[1]).isEqualTo(2.0 / 3);
  }

  @Test
  void hubsThatAreConnectedDoNotLookThroughEachOthersNeighbours() {
    int hubs = 60;
    int leaves = 500;
    CsrBuilder builder = new CsrBuilder(hubs * (leaves + 1)).symmetric();
    for (int hub = 0; hub < hubs; hub++) {
      for (int other = 0; other < hub; other++) {
        builder.add(hub, other);
      }
      for (int i = 0; i < leaves; i++) {
        builder.add(hub, hubs + hub * leaves + i);
      }
    }
    CsrGraph graph = CsrGraph.undirected(builder.build());
    long entries = graph.out().entryCount();
    AlgorithmOptions options = ONE.withEdgeBudget(4 * entries);
    double degree = hubs - 1 + leaves;
    assertThat(LocalClustering.run(graph, options))
        .startsWith((hubs - 1) * (hubs - 2) / (degree * (degree - 1)));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void emptyGraphHasNoCoefficients(int threads) {
    CsrGraph graph = CsrGraph.undirected(new CsrBuilder(0).build());
    assertThat(LocalClustering.run(graph, ONE.withThreads(threads))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void endsWhenCancelledOrOverBudget(int threads) {
    CsrGraph graph = GraphalyticsExamples.UNDIRECTED;
    AlgorithmOptions options = ONE.withThreads(threads);
    CancellationToken token = new CancellationToken();
    token.cancel();
    assertThatThrownBy(() -> LocalClustering.run(graph, options.withCancellation(token)))
        .isInstanceOf(TransientException.class);
    assertThatThrownBy(() -> LocalClustering.run(graph, options.withEdgeBudget(70)))
        .isInstanceOf(CapacityException.class);
  }
}
