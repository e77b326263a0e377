package io.kvbm.graph.csr.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.CancellationToken;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.graph.csr.adjacency.CsrBuilder;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class NeighbourhoodTest {

  private static final AlgorithmOptions OPTIONS = AlgorithmOptions.DEFAULT;
  private static final int NO_LIMIT = Integer.MAX_VALUE;

  @Test
  void levelsAreThoseOfThePlainModel() {
    try (RandomGraphs graphs = new RandomGraphs()) {
      for (int round = 0; round < RandomGraphs.ROUNDS; round++) {
        requireModel(graphs, graphs.any(round % 50 == 0 ? 60 : 12));
      }
      for (int round = 0; round < 2; round++) {
        requireModel(graphs, graphs.any(10_000));
      }
    }
  }

  private static void requireModel(RandomGraphs graphs, RandomGraphs.Sample sample) {
    int vertex = graphs.random().nextInt(sample.vertexCount());
    int hops = graphs.random().nextInt(6);
    List<int[]> levels = model(sample, vertex, hops);
    int size = levels.stream().mapToInt(level -> level.length).sum();
    int limit = 1 + graphs.random().nextInt(size + 1);
    Neighbourhood limitedOnHeap = Neighbourhood.of(sample.heap(), vertex, hops, limit, OPTIONS);
    for (CsrGraph graph : sample.graphs()) {
      Neighbourhood found = Neighbourhood.of(graph, vertex, hops, NO_LIMIT, OPTIONS);
      assertThat(found.levelCount()).as("%s", sample).isEqualTo(levels.size());
      assertThat(found.isComplete()).isTrue();
      assertThat(found.size()).isEqualTo(size).isEqualTo(found.vertices().length);
      for (int level = 0; level < levels.size(); level++) {
        assertThat(found.level(level)).as("%s", sample).isEqualTo(levels.get(level));
      }
      Neighbourhood limited = Neighbourhood.of(graph, vertex, hops, limit, OPTIONS);
      assertThat(limited.isComplete()).as("%s", sample).isEqualTo(limit >= size);
      assertThat(limited.size()).as("%s", sample).isEqualTo(Math.min(limit, size));
      assertThat(limited.vertices()).isEqualTo(limitedOnHeap.vertices());
      for (int level = 0; level < limited.levelCount(); level++) {
        boolean last = level == limited.levelCount() - 1;
        assertThat(limited.level(level)).isSorted();
        assertThat(levels.get(level)).contains(limited.level(level));
        assertThat(limited.level(level).length == levels.get(level).length || last).isTrue();
      }
    }
  }

  private static List<int[]> model(RandomGraphs.Sample sample, int vertex, int hops) {
    List<List<RandomGraphs.Edge>> rows = sample.rows();
    TreeSet<Integer> seen = new TreeSet<>(List.of(vertex));
    TreeSet<Integer> level = new TreeSet<>(seen);
    List<int[]> levels = new ArrayList<>();
    for (int i = 0; i <= hops && !level.isEmpty(); i++) {
      levels.add(level.stream().mapToInt(v -> v).toArray());
      TreeSet<Integer> next = new TreeSet<>();
      level.forEach(v -> rows.get(v).forEach(edge -> next.add(edge.to())));
      next.removeAll(seen);
      seen.addAll(next);
      level = next;
    }
    return levels;
  }

  @Test
  void setGrowsFromATableToBits() {
    VertexSet set = new VertexSet(100_000);
    for (int i = 0; i < 20_000; i++) {
      int vertex = (int) (i * 7919L % 100_000);
      assertThat(set.add(vertex)).isTrue();
      assertThat(set.add(vertex)).isFalse();
    }
    assertThat(set.add((int) (20_000 * 7919L % 100_000))).isTrue();
    assertThat(set.add(7919)).isFalse();
  }

  @Test
  void wrongArgumentsAreRefused() {
    CsrGraph graph = GraphalyticsExamples.DIRECTED;
    CsrGraph empty = CsrGraph.undirected(new CsrBuilder(0).build());
    assertThatThrownBy(() -> Neighbourhood.of(graph, 11, 1, 1, OPTIONS))
        .hasFieldOrPropertyWithValue("code", ErrorCode.OUT_OF_BOUNDS);
    assertThatThrownBy(() -> Neighbourhood.of(empty, 0, 1, 1, OPTIONS))
        .hasMessage("vertex 0: the graph is empty");
    assertThatThrownBy(() -> Neighbourhood.of(graph, 1, -1, 1, OPTIONS))
        .isInstanceOf(CallerException.class);
    assertThatThrownBy(() -> Neighbourhood.of(graph, 1, 1, 0, OPTIONS))
        .isInstanceOf(CallerException.class);
    assertThatThrownBy(() -> Neighbourhood.of(graph, 1, 0, 1, OPTIONS).level(1))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void endsWhenCancelledOrOverBudget() {
    CsrGraph graph = GraphalyticsExamples.DIRECTED;
    CancellationToken token = new CancellationToken();
    token.cancel();
    assertThatThrownBy(
            () -> Neighbourhood.of(graph, 1, 2, NO_LIMIT, OPTIONS.withCancellation(token)))
        .isInstanceOf(TransientException.class);
    assertThatThrownBy(() -> Neighbourhood.of(graph, 1, 2, NO_LIMIT, OPTIONS.withEdgeBudget(8)))
        .isInstanceOf(CapacityException.class);
    assertThat(Neighbourhood.of(graph, 1, 2, NO_LIMIT, OPTIONS.withEdgeBudget(9)).vertices())
        .containsExactly(1, 3, 5, 4, 8, 10);
  }
}
