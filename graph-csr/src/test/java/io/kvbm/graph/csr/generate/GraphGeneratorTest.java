package io.kvbm.graph.csr.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.graph.csr.adjacency.CsrBuilder;
import io.kvbm.graph.csr.adjacency.HeapAdjacency;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GraphGeneratorTest {

  private static HeapAdjacency built(GraphGenerator generator) {
    CsrBuilder builder = new CsrBuilder(generator.vertexCount()).symmetric();
    generator.generate(builder::add);
    return builder.build();
  }

  private static int greatestDegree(HeapAdjacency rows) {
    return IntStream.range(0, rows.vertexCount()).map(rows::degree).max().orElse(0);
  }

  @Test
  void theSameSeedGivesTheSameEdges() {
    HeapAdjacency one = built(GraphGenerator.kronecker(8, 16, 5));
    assertThat(built(GraphGenerator.kronecker(8, 16, 5)).ids()).isEqualTo(one.ids());
    assertThat(built(GraphGenerator.kronecker(8, 16, 6)).ids()).isNotEqualTo(one.ids());
    assertThat(one.vertexCount()).isEqualTo(256);
    assertThat(one.entryCount()).isEqualTo(2 * 16 * 256);
  }

  @Test
  void kroneckerHasHubsAndUniformHasNone() {
    HeapAdjacency kronecker = built(GraphGenerator.kronecker(12, 16, 1));
    HeapAdjacency uniform = built(GraphGenerator.uniform(12, 16, 1));
    assertThat(greatestDegree(kronecker)).isGreaterThan(20 * 32);
    assertThat(greatestDegree(uniform)).isBetween(32, 3 * 32);
    assertThat(IntStream.range(0, 4096).filter(v -> kronecker.degree(v) == 0).count())
        .as("vertices nobody knows")
        .isBetween(400L, 2000L);
  }

  @Test
  void aGridHasNeighboursRightAndBelow() {
    GraphGenerator grid = GraphGenerator.grid(4, 3);
    HeapAdjacency rows = built(grid);
    assertThat(rows.entryCount()).isEqualTo(2 * grid.edgeCount()).isEqualTo(2 * 17);
    assertThat(rows.contains(5, 4)).isTrue();
    assertThat(rows.contains(5, 6)).isTrue();
    assertThat(rows.contains(5, 1)).isTrue();
    assertThat(rows.contains(5, 9)).isTrue();
    assertThat(rows.contains(3, 4)).as("end of a row, start of the next").isFalse();
    assertThat(built(GraphGenerator.grid(1, 1)).entryCount()).isZero();
  }

  @Test
  void sizesOutOfRangeAreRefused() {
    assertThatThrownBy(() -> GraphGenerator.kronecker(31, 16, 1))
        .hasMessageContaining("scale 31 is not from 0 to 30");
    assertThatThrownBy(() -> GraphGenerator.uniform(4, -1, 1))
        .hasMessageContaining("degree -1 is below 0");
    assertThatThrownBy(() -> GraphGenerator.grid(0, 5)).hasMessageContaining("0 x 5");
    assertThatThrownBy(() -> GraphGenerator.grid(1 << 16, 1 << 15)).hasMessageContaining("2^30");
    assertThat(GraphGenerator.uniform(0, 3, 1).vertexCount()).isEqualTo(1);
  }
}
