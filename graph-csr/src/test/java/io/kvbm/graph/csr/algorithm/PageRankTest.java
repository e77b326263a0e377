package io.kvbm.graph.csr.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.kvbm.api.CallerException;
import io.kvbm.graph.csr.adjacency.CsrBuilder;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import io.kvbm.graph.csr.algorithm.PageRank.Settings;
import io.kvbm.graph.csr.algorithm.RandomGraphs.Edge;
import io.kvbm.graph.csr.algorithm.RandomGraphs.Sample;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class PageRankTest {

  @Test
  void equalsAPlainModel() {
    try (RandomGraphs graphs = new RandomGraphs();
        Team one = new Team(AlgorithmOptions.DEFAULT);
        Team three = new Team(AlgorithmOptions.DEFAULT.withThreads(3), 1)) {
      for (int round = 0; round < RandomGraphs.ROUNDS; round++) {
        Sample sample = graphs.any(round % 8 == 0 ? 60 : 12);
        boolean spread = round % 2 == 0;
        int sweeps = 1 + round % 30;
        double[] expected = plainScores(sample, spread, sweeps);
        Settings settings = new Settings(0.85, 0, sweeps, spread, false);
        Settings inPlace = new Settings(0.85, 1e-8, 200, spread, true);
        double[] settled = round % 16 == 0 ? plainScores(sample, spread, 200) : expected;
        for (CsrGraph graph : sample.graphs()) {
          for (Team team : List.of(one, three)) {
            PageRank.Result result = PageRank.scores(graph, settings, team);
            assertThat(result.iterations()).isEqualTo(sweeps);
            Scores.requireClose(sample.name(), result.scores(), expected, 1e-6);
            if (settled != expected) {
              double[] scores = PageRank.scores(graph, inPlace, team).scores();
              Scores.requireClose(sample.name(), scores, settled, 1e-6);
            }
          }
        }
      }
    }
  }

  private static double[] plainScores(Sample sample, boolean spread, int sweeps) {
    int vertices = sample.vertexCount();
    List<List<Edge>> rows = sample.rows();
    double[] scores = new double[vertices];
    Arrays.fill(scores, 1.0 / vertices);
    for (int sweep = 0; sweep < sweeps; sweep++) {
      double[] received = new double[vertices];
      double lost = 0;
      for (int v = 0; v < vertices; v++) {
        for (Edge edge : rows.get(v)) {
          received[edge.to()] += scores[v] / rows.get(v).size();
        }
        lost += rows.get(v).isEmpty() && spread ? scores[v] : 0;
      }
      for (int v = 0; v < vertices; v++) {
        scores[v] = 0.15 / vertices + 0.85 * (received[v] + lost / vertices);
      }
    }
    return scores;
  }

  @Test
  void scoresAreTheSameForAnyNumberOfThreadsAndAddUpToOne() {
    for (CsrGraph graph : List.of(LargerGraphs.KRONECKER, LargerGraphs.GRID)) {
      PageRank.Result one = PageRank.scores(graph, Settings.DEFAULT, AlgorithmOptions.DEFAULT);
      PageRank.Result three =
          PageRank.scores(graph, Settings.DEFAULT, AlgorithmOptions.DEFAULT.withThreads(3));
      assertThat(three.scores()).isEqualTo(one.scores());
      assertThat(three.iterations()).isEqualTo(one.iterations()).isBetween(5, 99);
      assertThat(three.error()).isEqualTo(one.error()).isLessThan(1e-6);
      assertThat(Arrays.stream(one.scores()).sum()).isEqualTo(1, within(1e-6));
    }
  }

  @Test
  void sweepsInPlaceReachTheSameScores() {
    Settings jacobi = new Settings(0.85, 1e-6, 500, false, false);
    Settings inPlace = new Settings(0.85, 1e-6, 500, false, true);
    AlgorithmOptions options = AlgorithmOptions.DEFAULT.withThreads(2);
    PageRank.Result expected = PageRank.scores(LargerGraphs.KRONECKER, jacobi, options);
    PageRank.Result result = PageRank.scores(LargerGraphs.KRONECKER, inPlace, options);
    assertThat(result.iterations()).isLessThan(500);
    Scores.requireClose("in place", result.scores(), expected.scores(), 1e-6);
  }

  @Test
  void scoresOfVerticesWithoutEdgesOutAreSpreadOrLost() {
    CsrGraph path =
        new CsrGraph(new CsrBuilder(2).add(0, 1).build(), new CsrBuilder(2).add(1, 0).build());
    double[] spread =
        PageRank.scores(path, new Settings(0.5, 0, 1, true, false), AlgorithmOptions.DEFAULT)
            .scores();
    assertThat(spread).containsExactly(new double[] {0.375, 0.625}, within(1e-7));
    double[] lost =
        PageRank.scores(path, new Settings(0.5, 0, 1, false, false), AlgorithmOptions.DEFAULT)
            .scores();
    assertThat(lost).containsExactly(new double[] {0.25, 0.5}, within(1e-7));
  }

  @Test
  void noVerticesHaveNoScores() {
    CsrGraph empty = CsrGraph.undirected(new CsrBuilder(0).build());
    PageRank.Result result = PageRank.scores(empty, Settings.DEFAULT, AlgorithmOptions.DEFAULT);
    assertThat(result.scores()).isEmpty();
    assertThat(result.iterations()).isZero();
    assertThat(result.error()).isZero();
  }

  @Test
  void settingsWithoutSenseAreRefused() {
    assertThatThrownBy(() -> new Settings(1, 0, 1, true, false))
        .isInstanceOf(CallerException.class);
    assertThatThrownBy(() -> new Settings(Double.NaN, 0, 1, true, false))
        .isInstanceOf(CallerException.class);
    assertThatThrownBy(() -> new Settings(0, -1, 1, true, false))
        .isInstanceOf(CallerException.class);
    assertThatThrownBy(() -> new Settings(0, 0, 0, true, false))
        .isInstanceOf(CallerException.class);
  }

  @Test
  void endsEarly() {
    RunsEndEarly.require(o -> PageRank.scores(LargerGraphs.GRID, Settings.DEFAULT, o));
  }
}
