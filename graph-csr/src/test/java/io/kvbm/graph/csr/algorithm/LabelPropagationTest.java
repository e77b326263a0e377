package io.kvbm.graph.csr.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.CancellationToken;
import io.kvbm.api.CapacityException;
import io.kvbm.api.TransientException;
import io.kvbm.graph.csr.adjacency.CsrBuilder;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LabelPropagationTest {

  private static final AlgorithmOptions ONE = AlgorithmOptions.DEFAULT;
  private static final AlgorithmOptions THREE = AlgorithmOptions.DEFAULT.withThreads(3);

  @Test
  void labelsAreThoseOfThePlainModel() {
    try (RandomGraphs graphs = new RandomGraphs()) {
      for (int round = 0; round < RandomGraphs.ROUNDS; round++) {
        requireModel(graphs.any(round % 50 == 0 ? 60 : 12), graphs.random().nextInt(6));
      }
    }
  }

  @Test
  void labelsOfManyChunksAreThoseOfThePlainModel() {
    try (RandomGraphs graphs = new RandomGraphs()) {
      for (int round = 0; round < 6; round++) {
        requireModel(graphs.any(4000), 4);
      }
    }
  }

  private static void requireModel(RandomGraphs.Sample sample, int iterations) {
    int[] expected = model(sample, iterations);
    AlgorithmOptions heapOptions = sample.edges().size() % 2 == 0 ? ONE : THREE;
    AlgorithmOptions outsideOptions = heapOptions == ONE ? THREE : ONE;
    assertThat(LabelPropagation.run(sample.heap(), iterations, heapOptions))
        .as("%s", sample)
        .isEqualTo(expected);
    assertThat(LabelPropagation.run(sample.outside(), iterations, outsideOptions))
        .as("%s", sample)
        .isEqualTo(expected);
  }

  private static int[] model(RandomGraphs.Sample sample, int iterations) {
    List<List<Integer>> neighbours = new ArrayList<>();
    for (int v = 0; v < sample.vertexCount(); v++) {
      neighbours.add(new ArrayList<>());
    }
    for (RandomGraphs.Edge edge : sample.edges()) {
      neighbours.get(edge.from()).add(edge.to());
      neighbours.get(edge.to()).add(edge.from());
    }
    int[] labels = new int[sample.vertexCount()];
    Arrays.setAll(labels, v -> v);
    for (int i = 0; i < iterations; i++) {
      int[] old = labels.clone();
      for (int v = 0; v < old.length; v++) {
        TreeMap<Integer, Integer> counts = new TreeMap<>();
        neighbours.get(v).forEach(u -> counts.merge(old[u], 1, Integer::sum));
        int most = counts.values().stream().mapToInt(count -> count).max().orElse(0);
        for (int label : counts.descendingKeySet()) {
          if (counts.get(label) == most) {
            labels[v] = label;
          }
        }
      }
    }
    return labels;
  }

  @Test
  void examplesOfGraphalyticsHaveTheirResults() {
    assertThat(LabelPropagation.run(GraphalyticsExamples.DIRECTED, 2, ONE))
        .isEqualTo(GraphalyticsExamples.DIRECTED_CDLP);
    assertThat(LabelPropagation.run(GraphalyticsExamples.UNDIRECTED, 2, ONE))
        .isEqualTo(GraphalyticsExamples.UNDIRECTED_CDLP);
    assertThat(LabelPropagation.run(GraphalyticsExamples.CDLP_DIRECTED, 5, ONE))
        .isEqualTo(GraphalyticsExamples.CDLP_DIRECTED_RESULT);
    assertThat(LabelPropagation.run(GraphalyticsExamples.CDLP_UNDIRECTED, 5, ONE))
        .isEqualTo(GraphalyticsExamples.CDLP_UNDIRECTED_RESULT);
  }

  @Test
  void hubWithVeryManyLabelsTakesTheMostFrequent() {
    int leaves = 3000;
    CsrBuilder builder = new CsrBuilder(leaves + 3).symmetric();
    for (int v = 1; v <= leaves; v++) {
      builder.add(0, v);
    }
    builder.add(0, leaves).add(leaves + 1, leaves + 2);
    CsrGraph graph = CsrGraph.undirected(builder.build());
    int[] labels = LabelPropagation.run(graph, 1, THREE);
    assertThat(labels[0]).isEqualTo(leaves); // a parallel edge counts again
    assertThat(labels[7]).isZero();
    assertThat(labels[leaves + 1]).isEqualTo(leaves + 2);
  }

  @Test
  void labelsOfAHubAreForgottenBeforeTheNext() {
    int leaves = 3000;
    CsrBuilder builder = new CsrBuilder(leaves + 3).symmetric();
    for (int v = 3; v < leaves + 3; v++) {
      builder.add(0, v).add(1, v).add(2, v);
    }
    CsrGraph graph = CsrGraph.undirected(builder.build());
    assertThat(LabelPropagation.run(graph, 1, ONE)).startsWith(3, 3, 3, 0, 0);
  }

  @Test
  void aPairChangesItsLabelsForEver() {
    CsrGraph graph = CsrGraph.undirected(new CsrBuilder(2).symmetric().add(0, 1).build());
    assertThat(LabelPropagation.run(graph, 3, ONE)).containsExactly(1, 0);
    assertThat(LabelPropagation.run(graph, 4, ONE)).containsExactly(0, 1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void emptyGraphHasNoLabels(int threads) {
    CsrGraph graph = CsrGraph.undirected(new CsrBuilder(0).build());
    assertThat(LabelPropagation.run(graph, 5, ONE.withThreads(threads))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void endsWhenCancelledOrOverBudget(int threads) {
    CsrGraph graph = GraphalyticsExamples.DIRECTED;
    AlgorithmOptions options = ONE.withThreads(threads);
    CancellationToken token = new CancellationToken();
    token.cancel();
    assertThatThrownBy(() -> LabelPropagation.run(graph, 2, options.withCancellation(token)))
        .isInstanceOf(TransientException.class);
    assertThatThrownBy(() -> LabelPropagation.run(graph, 2, options.withEdgeBudget(67)))
        .isInstanceOf(CapacityException.class);
    assertThat(LabelPropagation.run(graph, 2, options.withEdgeBudget(68)))
        .isEqualTo(GraphalyticsExamples.DIRECTED_CDLP);
    assertThatThrownBy(() -> LabelPropagation.run(graph, -1, options))
        .isInstanceOf(CallerException.class)
        .hasMessageContaining("-1 iterations");
  }
}
