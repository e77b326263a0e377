package io.kvbm.graph.csr.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.graph.csr.adjacency.Adjacency;
import io.kvbm.graph.csr.adjacency.CsrBuilder;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import io.kvbm.graph.csr.algorithm.RandomGraphs.Edge;
import io.kvbm.graph.csr.algorithm.RandomGraphs.Sample;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrianglesTest {

  @Test
  void equalsAPlainModel() {
    try (RandomGraphs graphs = new RandomGraphs();
        Team one = new Team(AlgorithmOptions.DEFAULT);
        Team three = new Team(AlgorithmOptions.DEFAULT.withThreads(3), 1)) {
      for (int round = 0; round < RandomGraphs.ROUNDS; round++) {
        Sample sample = graphs.undirected(round % 8 == 0 ? 60 : 12);
        long expected = plainCount(sample);
        for (CsrGraph graph : sample.graphs()) {
          for (Team team : List.of(one, three)) {
            assertThat(Triangles.count(graph, team)).as("%s", sample).isEqualTo(expected);
          }
        }
      }
    }
  }

  private static long plainCount(Sample sample) {
    int vertices = sample.vertexCount();
    boolean[][] near = new boolean[vertices][vertices];
    for (Edge edge : sample.arcs()) {
      near[edge.from()][edge.to()] = true;
    }
    long count = 0;
    for (int a = 0; a < vertices; a++) {
      for (int b = a + 1; b < vertices; b++) {
        for (int c = b + 1; c < vertices; c++) {
          count += near[a][b] && near[b][c] && near[a][c] ? 1 : 0;
        }
      }
    }
    return count;
  }

  @Test
  void largerGraphsHaveAsManyAsTheirRowsShare() {
    Adjacency rows = LargerGraphs.KRONECKER.out();
    var outer = rows.cursor();
    long paths = 0;
    for (int v = 0; v < rows.vertexCount(); v++) {
      outer.seek(v);
      for (int i = outer.from(); i < outer.to(); i++) {
        int u = outer.ids()[i];
        for (int j = i + 1; u > v && j < outer.to(); j++) {
          paths += rows.contains(u, outer.ids()[j]) ? 1 : 0;
        }
      }
    }
    assertThat(paths).isGreaterThan(100_000);
    for (int threads = 1; threads <= 3; threads++) {
      AlgorithmOptions options = AlgorithmOptions.DEFAULT.withThreads(threads);
      assertThat(Triangles.count(LargerGraphs.KRONECKER, options)).isEqualTo(paths);
      assertThat(Triangles.count(LargerGraphs.GRID, options)).isZero();
    }
  }

  @Test
  void parallelEdgesMakeNoVertexLookLikeItHasMoreNeighboursThanThereAre() {
    CsrBuilder builder = new CsrBuilder(3).symmetric().add(0, 1).add(1, 2).add(2, 0);
    for (int i = 0; i < 100; i++) {
      builder.add(0, 1).add(2, 2);
    }
    CsrGraph graph = CsrGraph.undirected(builder.build());
    assertThat(Triangles.count(graph, AlgorithmOptions.DEFAULT)).isOne();
  }

  @Test
  void directedGraphsAreRefusedAndEmptyOnesHaveNone() {
    CsrGraph directed =
        new CsrGraph(new CsrBuilder(2).add(0, 1).build(), new CsrBuilder(2).add(1, 0).build());
    assertThatThrownBy(() -> Triangles.count(directed, AlgorithmOptions.DEFAULT))
        .isInstanceOf(CallerException.class);
    CsrGraph empty = CsrGraph.undirected(new CsrBuilder(0).build());
    assertThat(Triangles.count(empty, AlgorithmOptions.DEFAULT)).isZero();
  }

  @Test
  void endsEarly() {
    RunsEndEarly.require(o -> Triangles.count(LargerGraphs.KRONECKER, o));
  }
}
