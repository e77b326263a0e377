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
import io.kvbm.graph.csr.adjacency.HeapAdjacency;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PathFinderTest {

  private static final AlgorithmOptions OPTIONS = AlgorithmOptions.DEFAULT;
  private static final long NO_WAY = Long.MAX_VALUE;
  private static final int QUERIES = 3;

  @Test
  void shortestAndLightestAreThoseOfThePlainModel() {
    try (RandomGraphs graphs = new RandomGraphs()) {
      for (int round = 0; round < RandomGraphs.ROUNDS; round++) {
        requireDistances(graphs, graphs.any(round % 20 == 0 ? 60 : 12));
      }
    }
  }

  private static void requireDistances(RandomGraphs graphs, RandomGraphs.Sample sample) {
    PathFinder onHeap = new PathFinder(sample.heap());
    PathFinder outside = new PathFinder(sample.outside());
    for (int query = 0; query < QUERIES; query++) {
      int from = graphs.random().nextInt(sample.vertexCount());
      int to = graphs.random().nextInt(sample.vertexCount());
      Optional<GraphPath> shortest = onHeap.shortest(from, to, OPTIONS);
      requirePath(sample, from, to, distances(sample, from, false)[to], false, shortest);
      Optional<GraphPath> lightest = onHeap.lightest(from, to, OPTIONS);
      requirePath(sample, from, to, distances(sample, from, true)[to], true, lightest);
      assertThat(outside.shortest(from, to, OPTIONS)).as("%s", sample).isEqualTo(shortest);
      assertThat(outside.lightest(from, to, OPTIONS)).as("%s", sample).isEqualTo(lightest);
    }
  }

  private static void requirePath(
      RandomGraphs.Sample sample,
      int from,
      int to,
      long distance,
      boolean weighted,
      Optional<GraphPath> found) {
    assertThat(found.isPresent()).as("%d to %d, %s", from, to, sample).isEqualTo(distance < NO_WAY);
    found.ifPresent(
        path -> {
          assertThat(path.weight()).as("%d to %d, %s", from, to, sample).isEqualTo(distance);
          requireWalk(sample, from, to, weighted, path);
        });
  }

  private static void requireWalk(
      RandomGraphs.Sample sample, int from, int to, boolean weighted, GraphPath path) {
    int[] vertices = path.vertices();
    assertThat(path.hops()).isEqualTo(vertices.length - 1);
    assertThat(path.vertex(0)).isEqualTo(vertices[0]).isEqualTo(from);
    assertThat(path.vertex(path.hops())).isEqualTo(to);
    assertThat(Arrays.stream(vertices).distinct().count()).isEqualTo(vertices.length);
    List<List<RandomGraphs.Edge>> rows = sample.rows();
    long weight = 0;
    for (int i = 0; i < path.hops(); i++) {
      int at = i;
      int lightest =
          rows.get(vertices[i]).stream()
              .filter(edge -> edge.to() == vertices[at + 1])
              .mapToInt(RandomGraphs.Edge::weight)
              .min()
              .orElseThrow(() -> new AssertionError(path + " is no path of " + sample));
      weight += weighted ? lightest : 1;
    }
    assertThat(path.weight()).as("%s", sample).isEqualTo(weight);
  }

  /** {@return what Bellman and Ford's algorithm finds} */
  private static long[] distances(RandomGraphs.Sample sample, int from, boolean weighted) {
    long[] distances = new long[sample.vertexCount()];
    Arrays.fill(distances, NO_WAY);
    distances[from] = 0;
    List<RandomGraphs.Edge> arcs = sample.arcs();
    for (boolean changed = true; changed; ) {
      changed = false;
      for (RandomGraphs.Edge arc : arcs) {
        if (distances[arc.from()] < NO_WAY) {
          long length = distances[arc.from()] + (weighted ? arc.weight() : 1);
          if (length < distances[arc.to()]) {
            distances[arc.to()] = length;
            changed = true;
          }
        }
      }
    }
    return distances;
  }

  @Test
  void severalPathsAreThoseOfThePlainModel() {
    try (RandomGraphs graphs = new RandomGraphs()) {
      for (int round = 0; round < RandomGraphs.ROUNDS; round++) {
        RandomGraphs.Sample sample = graphs.any(7);
        PathFinder onHeap = new PathFinder(sample.heap());
        PathFinder outside = new PathFinder(sample.outside());
        for (int query = 0; query < QUERIES; query++) {
          int from = graphs.random().nextInt(sample.vertexCount());
          int to = graphs.random().nextInt(sample.vertexCount());
          int count = 1 + graphs.random().nextInt(12);
          List<GraphPath> simple = simplePaths(sample, from, to);
          List<GraphPath> found = onHeap.lightest(from, to, count, OPTIONS);
          assertThat(found.stream().map(GraphPath::weight))
              .as("%d paths from %d to %d, %s", count, from, to, sample)
              .isEqualTo(simple.stream().map(GraphPath::weight).limit(count).toList());
          assertThat(found).as("%s", sample).doesNotHaveDuplicates().isSubsetOf(simple);
          assertThat(outside.lightest(from, to, count, OPTIONS)).isEqualTo(found);
          List<GraphPath> shortest = onHeap.allShortest(from, to, count, OPTIONS);
          assertThat(shortest)
              .as("%d paths from %d to %d, %s", count, from, to, sample)
              .isEqualTo(fewestHops(simple).subList(0, Math.min(count, fewestHops(simple).size())));
          assertThat(outside.allShortest(from, to, count, OPTIONS)).isEqualTo(shortest);
        }
      }
    }
  }

  /** {@return every path that comes to no vertex twice, the lightest first} */
  private static List<GraphPath> simplePaths(RandomGraphs.Sample sample, int from, int to) {
    int[][] weights = new int[sample.vertexCount()][sample.vertexCount()];
    Arrays.stream(weights).forEach(row -> Arrays.fill(row, Integer.MAX_VALUE));
    sample
        .arcs()
        .forEach(
            arc ->
                weights[arc.from()][arc.to()] =
                    Math.min(weights[arc.from()][arc.to()], arc.weight()));
    List<GraphPath> paths = new ArrayList<>();
    extend(weights, List.of(from), 0, to, paths);
    paths.sort(Comparator.comparingLong(GraphPath::weight));
    return paths;
  }

  private static void extend(
      int[][] weights, List<Integer> begun, long weight, int to, List<GraphPath> paths) {
    if (begun.getLast() == to) {
      paths.add(new GraphPath(begun.stream().mapToInt(v -> v).toArray(), weight));
      return;
    }
    for (int next = 0; next < weights.length; next++) {
      int step = weights[begun.getLast()][next];
      if (step < Integer.MAX_VALUE && !begun.contains(next)) {
        List<Integer> longer = new ArrayList<>(begun);
        longer.add(next);
        extend(weights, longer, weight + step, to, paths);
      }
    }
  }

  private static List<GraphPath> fewestHops(List<GraphPath> simple) {
    int hops = simple.stream().mapToInt(GraphPath::hops).min().orElse(0);
    return simple.stream()
        .filter(path -> path.hops() == hops)
        .map(path -> new GraphPath(path.vertices(), hops))
        .sorted((a, b) -> Arrays.compare(a.vertices(), b.vertices()))
        .toList();
  }

  @Test
  void allShortestAreCountedLikeThePlainModelOnLargerGraphs() {
    try (RandomGraphs graphs = new RandomGraphs()) {
      for (int round = 0; round < 200; round++) {
        RandomGraphs.Sample sample = graphs.any(60);
        PathFinder finder =
            new PathFinder(graphs.random().nextBoolean() ? sample.heap() : sample.outside());
        for (int query = 0; query < QUERIES; query++) {
          int from = graphs.random().nextInt(sample.vertexCount());
          int to = graphs.random().nextInt(sample.vertexCount());
          List<GraphPath> paths = finder.allShortest(from, to, 1_000_000, OPTIONS);
          assertThat(paths).as("%d to %d, %s", from, to, sample).hasSize(count(sample, from, to));
          assertThat(paths)
              .isSortedAccordingTo((a, b) -> Arrays.compare(a.vertices(), b.vertices()));
          assertThat(paths).doesNotHaveDuplicates();
          paths.stream().limit(20).forEach(path -> requireWalk(sample, from, to, false, path));
        }
      }
    }
  }

  private static int count(RandomGraphs.Sample sample, int from, int to) {
    long[] distances = distances(sample, from, false);
    int[] counts = new int[sample.vertexCount()];
    counts[from] = 1;
    List<List<RandomGraphs.Edge>> rows = sample.rows();
    IntStream.range(0, counts.length)
        .boxed()
        .filter(v -> distances[v] < NO_WAY)
        .sorted(Comparator.comparingLong(v -> distances[v]))
        .forEach(
            v ->
                rows.get(v).stream()
                    .mapToInt(RandomGraphs.Edge::to)
                    .distinct()
                    .filter(next -> distances[next] == distances[v] + 1)
                    .forEach(next -> counts[next] += counts[v]));
    return counts[to];
  }

  @Test
  void longChainHasOnePath() {
    int length = 100_000;
    CsrBuilder builder = new CsrBuilder(length + 2).symmetric();
    for (int v = 0; v < length; v++) {
      builder.add(v, v + 1, Integer.MAX_VALUE);
    }
    CsrGraph graph = CsrGraph.undirected(builder.build());
    PathFinder finder = new PathFinder(graph);
    int[] all = IntStream.rangeClosed(0, length).toArray();
    GraphPath shortest = new GraphPath(all, length);
    GraphPath lightest = new GraphPath(all, (long) length * Integer.MAX_VALUE);
    AlgorithmOptions options = OPTIONS.withEdgeBudget(20L * length);
    assertThat(finder.shortest(0, length, options)).hasValue(shortest);
    assertThat(finder.allShortest(0, length, 3, options)).containsExactly(shortest);
    assertThat(finder.lightest(0, length, options)).hasValue(lightest);
    assertThat(finder.lightest(0, length, 3, options)).containsExactly(lightest);
    assertThat(finder.shortest(0, length + 1, options)).isEmpty();
    assertThat(lightest.toString())
        .startsWith("0 -> 1 -> 2 -> ")
        .endsWith(" -> 14 -> ... -> 100000 (weight 214748364700000, 100000 hops)");
  }

  @Test
  void completeGraphHasItsPathsByWeight() {
    int size = 9;
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    CsrBuilder builder = new CsrBuilder(size).symmetric();
    int[][] weights = new int[size][size];
    for (int v = 0; v < size; v++) {
      for (int u = 0; u < v; u++) {
        weights[v][u] = random.nextInt(1000);
        weights[u][v] = weights[v][u];
        builder.add(v, u, weights[v][u]);
      }
    }
    List<GraphPath> expected = new ArrayList<>();
    extend(weights, List.of(0), 0, size - 1, expected);
    expected.sort(Comparator.comparingLong(GraphPath::weight));
    assertThat(expected).hasSize(13_700); // the sum of 7! / i! for i from 0 to 7
    PathFinder finder = new PathFinder(CsrGraph.undirected(builder.build()));
    List<GraphPath> found = finder.lightest(0, size - 1, 500, OPTIONS);
    assertThat(found).doesNotHaveDuplicates().isSubsetOf(expected);
    assertThat(found.stream().map(GraphPath::weight))
        .as("seed %d", seed)
        .isEqualTo(expected.stream().map(GraphPath::weight).limit(500).toList());
    assertThat(finder.allShortest(0, size - 1, 9, OPTIONS))
        .containsExactly(new GraphPath(new int[] {0, size - 1}, 1));
  }

  @Test
  void exponentiallyManyShortestPathsCostWhatIsAskedFor() {
    int diamonds = 40;
    CsrBuilder builder = new CsrBuilder(3 * diamonds + 1).symmetric();
    for (int i = 0; i < diamonds; i++) {
      builder.add(3 * i, 3 * i + 1).add(3 * i, 3 * i + 2);
      builder.add(3 * i + 1, 3 * i + 3).add(3 * i + 2, 3 * i + 3);
    }
    HeapAdjacency rows = builder.build();
    PathFinder finder = new PathFinder(CsrGraph.undirected(rows));
    int hops = 2 * diamonds;
    for (int limit : new int[] {1, 10, 1000}) {
      long budget = 3 * rows.entryCount() + (long) limit * hops;
      List<GraphPath> paths =
          finder.allShortest(0, 3 * diamonds, limit, OPTIONS.withEdgeBudget(budget));
      assertThat(paths).hasSize(limit).doesNotHaveDuplicates();
      assertThat(paths).isSortedAccordingTo((a, b) -> Arrays.compare(a.vertices(), b.vertices()));
      assertThat(paths).allMatch(path -> path.hops() == hops && path.weight() == hops);
    }
    assertThat(finder.lightest(0, 3 * diamonds, 10, OPTIONS))
        .hasSize(10)
        .doesNotHaveDuplicates()
        .allMatch(path -> path.weight() == hops);
  }

  @Test
  void queryCostsWhatIsBetweenItsVertices() {
    int width = 300;
    CsrBuilder builder = new CsrBuilder(width * width).symmetric();
    for (int v = 0; v < width * width; v++) {
      if (v % width < width - 1) {
        builder.add(v, v + 1, 10);
      }
      if (v < width * (width - 1)) {
        builder.add(v, v + width, 10);
      }
    }
    PathFinder finder = new PathFinder(CsrGraph.undirected(builder.build()));
    int middle = width * width / 2 + width / 2;
    AlgorithmOptions few = OPTIONS.withEdgeBudget(1500);
    assertThat(finder.shortest(middle, middle + 10, few)).map(GraphPath::hops).hasValue(10);
    assertThat(finder.lightest(middle, middle + 10, few)).map(GraphPath::weight).hasValue(100L);
    assertThat(finder.allShortest(middle, middle + 10, 5, few)).hasSize(1);
  }

  @Test
  void hubIsLeftToTheOtherSide() {
    int leaves = 10_000;
    CsrBuilder builder = new CsrBuilder(leaves + 4).symmetric();
    for (int v = 1; v <= leaves; v++) {
      builder.add(0, v, 1);
    }
    builder.add(leaves, leaves + 1, 1).add(leaves + 1, leaves + 2, 1);
    PathFinder finder = new PathFinder(CsrGraph.undirected(builder.build()));
    AlgorithmOptions few = OPTIONS.withEdgeBudget(100);
    for (int[] ends : new int[][] {{0, leaves + 2}, {leaves + 2, 0}}) {
      assertThat(finder.shortest(ends[0], ends[1], few)).map(GraphPath::hops).hasValue(3);
      assertThat(finder.allShortest(leaves, leaves + 2, 5, few)).hasSize(1);
    }
  }

  @Test
  void vertexHasAPathToItselfWithoutEdges() {
    PathFinder finder = new PathFinder(GraphalyticsExamples.DIRECTED);
    GraphPath path = new GraphPath(new int[] {3}, 0);
    assertThat(finder.shortest(3, 3, OPTIONS)).hasValue(path);
    assertThat(finder.lightest(3, 3, OPTIONS)).hasValue(path);
    assertThat(finder.lightest(3, 3, 7, OPTIONS)).containsExactly(path);
    assertThat(finder.allShortest(3, 3, 7, OPTIONS)).containsExactly(path);
    assertThat(path).hasToString("3 (weight 0, 0 hops)");
  }

  @Test
  void noPathIsFoundWhereNoneLeads() {
    PathFinder finder = new PathFinder(GraphalyticsExamples.DIRECTED);
    assertThat(finder.shortest(4, 1, OPTIONS)).isEmpty();
    assertThat(finder.lightest(4, 1, OPTIONS)).isEmpty();
    assertThat(finder.lightest(4, 1, 7, OPTIONS)).isEmpty();
    assertThat(finder.allShortest(4, 1, 7, OPTIONS)).isEmpty();
  }

  @Test
  void wrongArgumentsAreRefused() {
    PathFinder finder = new PathFinder(GraphalyticsExamples.DIRECTED);
    PathFinder empty = new PathFinder(CsrGraph.undirected(new CsrBuilder(0).build()));
    assertThatThrownBy(() -> finder.shortest(-1, 2, OPTIONS))
        .hasFieldOrPropertyWithValue("code", ErrorCode.OUT_OF_BOUNDS);
    assertThatThrownBy(() -> finder.lightest(1, 11, OPTIONS)).hasMessageContaining("vertex 11");
    assertThatThrownBy(() -> finder.lightest(1, 11, 2, OPTIONS)).hasMessageContaining("vertex 11");
    assertThatThrownBy(() -> finder.allShortest(11, 1, 2, OPTIONS))
        .hasMessageContaining("vertex 11");
    assertThatThrownBy(() -> empty.shortest(0, 0, OPTIONS))
        .hasMessage("vertex 0: the graph is empty");
    assertThatThrownBy(() -> finder.lightest(1, 2, 0, OPTIONS))
        .isInstanceOf(CallerException.class)
        .hasMessageContaining("0 paths");
    assertThatThrownBy(() -> finder.allShortest(1, 2, -3, OPTIONS))
        .isInstanceOf(CallerException.class);
  }

  @Test
  void negativeWeightIsRefusedByItsEdge() {
    HeapAdjacency out = new CsrBuilder(4).add(0, 1, 2).add(1, 2, -5).add(2, 3, 1).build();
    HeapAdjacency in = new CsrBuilder(4).add(1, 0, 2).add(2, 1, -5).add(3, 2, 1).build();
    PathFinder finder = new PathFinder(new CsrGraph(out, in));
    for (int[] ends : new int[][] {{0, 3}, {1, 3}, {0, 2}, {1, 2}}) {
      assertThatThrownBy(() -> finder.lightest(ends[0], ends[1], OPTIONS))
          .hasFieldOrPropertyWithValue("code", ErrorCode.INVALID_ARGUMENT)
          .hasMessageContaining("edge 1 -> 2 weighs -5");
      assertThatThrownBy(() -> finder.lightest(ends[0], ends[1], 3, OPTIONS))
          .hasMessageContaining("edge 1 -> 2 weighs -5");
    }
    assertThat(finder.shortest(0, 3, OPTIONS)).map(GraphPath::hops).hasValue(3);
    assertThat(finder.lightest(2, 3, OPTIONS)).map(GraphPath::weight).hasValue(1L);
  }

  @Test
  void edgesWithoutWeightsWeighOne() {
    PathFinder finder = new PathFinder(GraphalyticsExamples.DIRECTED);
    assertThat(finder.lightest(2, 1, OPTIONS)).map(GraphPath::weight).hasValue(3L);
  }

  @Test
  void endsWhenCancelledOrOverBudgetAndGoesOnWithTheNextQuery() {
    PathFinder finder = new PathFinder(GraphalyticsExamples.DIRECTED);
    CancellationToken token = new CancellationToken();
    token.cancel();
    AlgorithmOptions cancelled = OPTIONS.withCancellation(token);
    AlgorithmOptions poor = OPTIONS.withEdgeBudget(2);
    for (int round = 0; round < 2; round++) {
      List<AlgorithmOptions> bad = List.of(cancelled, poor);
      for (AlgorithmOptions options : bad) {
        Class<? extends Throwable> type =
            options == poor ? CapacityException.class : TransientException.class;
        assertThatThrownBy(() -> finder.shortest(2, 1, options)).isInstanceOf(type);
        assertThatThrownBy(() -> finder.lightest(2, 1, options)).isInstanceOf(type);
        assertThatThrownBy(() -> finder.lightest(2, 1, 4, options)).isInstanceOf(type);
        assertThatThrownBy(() -> finder.allShortest(2, 1, 4, options)).isInstanceOf(type);
      }
      assertThat(finder.shortest(2, 1, OPTIONS)).map(GraphPath::hops).hasValue(3);
      assertThat(finder.lightest(2, 1, OPTIONS)).map(GraphPath::hops).hasValue(3);
      assertThat(finder.allShortest(2, 1, 9, OPTIONS))
          .extracting(GraphPath::vertices)
          .containsExactly(new int[] {2, 5, 3, 1}, new int[] {2, 5, 8, 1});
      assertThat(finder.lightest(2, 1, 9, OPTIONS))
          .extracting(GraphPath::vertices)
          .containsExactlyInAnyOrder(
              new int[] {2, 5, 3, 1}, new int[] {2, 5, 8, 1}, new int[] {2, 5, 3, 8, 1});
    }
  }

  @Test
  void pathsAreEqualByVerticesAndWeight() {
    GraphPath path = new GraphPath(new int[] {1, 2}, 5);
    assertThat(path)
        .isEqualTo(new GraphPath(new int[] {1, 2}, 5))
        .hasSameHashCodeAs(new GraphPath(new int[] {1, 2}, 5))
        .isNotEqualTo(new GraphPath(new int[] {1, 2}, 6))
        .isNotEqualTo(new GraphPath(new int[] {2, 1}, 5))
        .hasToString("1 -> 2 (weight 5, 1 hops)");
    path.vertices()[0] = 9;
    assertThat(path.vertex(0)).isEqualTo(1);
  }

  @Test
  void marksAreForgottenAlsoWhenTheirNumbersRunOut() {
    EpochMarks marks = new EpochMarks(3, 2, Integer.MAX_VALUE - 7);
    for (int round = 0; round < 10; round++) {
      assertThat(marks.isSet(1)).isFalse();
      assertThat(marks.state(1)).isNegative();
      marks.set(1, round % 2);
      assertThat(marks.isSet(1)).isTrue();
      assertThat(marks.state(1)).isEqualTo(round % 2);
      assertThat(marks.isSet(2)).isFalse();
      marks.clear();
    }
  }

  @Test
  void heapGivesTheNearestFirst() {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    DistanceHeap heap = new DistanceHeap();
    PriorityQueue<Long> expected = new PriorityQueue<>();
    for (int i = 0; i < 20_000; i++) {
      if (random.nextInt(5) < 3 || expected.isEmpty()) {
        int distance = random.nextInt(1000);
        heap.push((long) distance << 32, distance);
        expected.add((long) distance);
      } else {
        assertThat(heap.nearest()).as("seed %d", seed).isEqualTo(expected.peek() << 32);
        assertThat((long) heap.pop()).as("seed %d", seed).isEqualTo(expected.poll());
      }
      assertThat(heap.isEmpty()).isEqualTo(expected.isEmpty());
    }
  }
}
