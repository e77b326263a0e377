package io.kvbm.graph.csr.adjacency;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdjacencyTest {

  private static final int LONGER_THAN_A_PART = 3000;

  @ParameterizedTest
  @CsvSource({"false, false", "false, true", "true, false", "true, true"})
  void rowsHaveWhatWasAdded(boolean symmetric, boolean simple) {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 300; round++) {
      int vertices = 1 + random.nextInt(9);
      boolean weighted = random.nextBoolean();
      CsrBuilder builder = new CsrBuilder(vertices);
      if (symmetric) {
        builder.symmetric();
      }
      if (simple) {
        builder.simple();
      }
      List<int[]> entries = new ArrayList<>();
      for (int i = random.nextInt(60); i > 0; i--) {
        int from = random.nextInt(vertices);
        int to = random.nextInt(vertices);
        int weight = random.nextInt(7) - 3;
        if (weighted) {
          builder.add(from, to, weight);
        } else {
          builder.add(from, to);
        }
        entries.add(new int[] {from, to, weighted ? weight : 0});
        if (symmetric) {
          entries.add(new int[] {to, from, weighted ? weight : 0});
        }
      }
      List<int[]> expected = expected(entries, simple);
      requireRows(seed, builder.build(), vertices, expected, weighted && !expected.isEmpty());
    }
  }

  private static List<List<List<Integer>>> expectedRows(int vertices) {
    List<List<List<Integer>>> rows = new ArrayList<>();
    for (int v = 0; v < vertices; v++) {
      rows.add(new ArrayList<>());
    }
    return rows;
  }

  private static List<int[]> expected(List<int[]> entries, boolean simple) {
    List<int[]> sorted = new ArrayList<>(entries);
    sorted.sort(
        (a, b) ->
            a[0] != b[0]
                ? Integer.compare(a[0], b[0])
                : a[1] != b[1] ? Integer.compare(a[1], b[1]) : Integer.compare(a[2], b[2]));
    if (!simple) {
      return sorted;
    }
    TreeMap<List<Integer>, int[]> lightest = new TreeMap<>((a, b) -> compare(a, b));
    for (int[] entry : sorted) {
      if (entry[0] != entry[1]) {
        lightest.putIfAbsent(List.of(entry[0], entry[1]), entry);
      }
    }
    return List.copyOf(lightest.values());
  }

  private static int compare(List<Integer> a, List<Integer> b) {
    int first = a.get(0).compareTo(b.get(0));
    return first != 0 ? first : a.get(1).compareTo(b.get(1));
  }

  private static void requireRows(
      long seed, HeapAdjacency heap, int vertices, List<int[]> entries, boolean weighted) {
    List<List<List<Integer>>> rows = expectedRows(vertices);
    for (int[] entry : entries) {
      rows.get(entry[0]).add(List.of(entry[1], entry[2]));
    }
    try (Arena arena = Arena.ofConfined()) {
      for (Adjacency each :
          List.of(
              heap,
              NativeAdjacency.copyOf(heap, arena, 1),
              NativeAdjacency.copyOf(heap, arena, NativeAdjacency.DEFAULT_SHIFT),
              HeapAdjacency.copyOf(NativeAdjacency.copyOf(heap, arena, 2)))) {
        assertThat(each.vertexCount()).isEqualTo(vertices);
        assertThat(each.entryCount()).isEqualTo(entries.size());
        assertThat(each.isWeighted()).as("seed %d", seed).isEqualTo(weighted);
        assertThat(rowsOf(each)).as("seed %d", seed).isEqualTo(rows);
        for (int v = 0; v < vertices; v++) {
          assertThat(each.degree(v)).isEqualTo(rows.get(v).size());
          for (int u = 0; u < vertices; u++) {
            int to = u;
            assertThat(each.contains(v, u))
                .isEqualTo(rows.get(v).stream().anyMatch(entry -> entry.getFirst() == to));
          }
        }
        assertThat(each.rowStart(vertices)).isEqualTo(entries.size());
      }
    }
  }

  private static List<List<List<Integer>>> rowsOf(Adjacency adjacency) {
    List<List<List<Integer>>> rows = expectedRows(adjacency.vertexCount());
    RowCursor cursor = adjacency.cursor();
    for (int v = 0; v < adjacency.vertexCount(); v++) {
      cursor.seek(v);
      long position = adjacency.rowStart(v);
      do {
        assertThat(cursor.position()).isEqualTo(position);
        for (int i = cursor.from(); i < cursor.to(); i++) {
          int weight = adjacency.isWeighted() ? cursor.weights()[i] : 0;
          rows.get(v).add(List.of(cursor.ids()[i], weight));
        }
        position += cursor.to() - cursor.from();
      } while (cursor.next());
    }
    return rows;
  }

  @Test
  void aLongRowComesInParts() {
    CsrBuilder builder = new CsrBuilder(LONGER_THAN_A_PART);
    for (int v = 0; v < LONGER_THAN_A_PART; v++) {
      builder.add(1, v, 2 * v);
    }
    HeapAdjacency heap = builder.build();
    try (Arena arena = Arena.ofConfined()) {
      NativeAdjacency outside = NativeAdjacency.copyOf(heap, arena, 4);
      assertThat(rowsOf(outside)).isEqualTo(rowsOf(heap));
      RowCursor cursor = outside.cursor();
      cursor.seek(1);
      int parts = 1;
      while (cursor.next()) {
        parts++;
      }
      assertThat(parts).isGreaterThan(2);
      assertThat(cursor.next()).isFalse();
      assertThat(RawMemory.getInt(outside.rowAddress(1) + 5L * Integer.BYTES)).isEqualTo(5);
      assertThat(outside.byteSize()).isEqualTo(heap.byteSize() + 187L * Integer.BYTES);
    }
  }

  @Test
  void weightsOfLongRowsAreSortedWithTheirIds() {
    CsrBuilder builder = new CsrBuilder(2).symmetric();
    for (int i = 0; i < 100; i++) {
      builder.add(0, 1, i % 2 == 0 ? -i : i);
    }
    HeapAdjacency heap = builder.build();
    int[] weights = heap.weights();
    assertThat(weights).isNotNull().hasSize(200);
    assertThat(Arrays.copyOf(weights, 100)).isSorted().startsWith(-98).endsWith(99);
  }

  @ParameterizedTest
  @CsvSource({
    "'1 0', '0', offsets must start with 0",
    "'0 2', '0', offsets must start with 0",
    "'0 2 1 2', '0 1', ends before it starts",
    "'0 2 2', '1 0', out of order",
    "'0 1', '1', not below 1",
    "'0 1', '-1', out of order or not below 1"
  })
  void whatAreNoRowsIsRefused(String offsets, String ids, String message) {
    assertThatThrownBy(() -> HeapAdjacency.takeOwnershipOf(ints(offsets), ints(ids), null))
        .isInstanceOf(CallerException.class)
        .hasMessageContaining(message);
  }

  private static int[] ints(String text) {
    return List.of(text.split(" ", -1)).stream().mapToInt(Integer::parseInt).toArray();
  }

  @Test
  void edgesOutsideTheGraphOrOfAnotherKindAreRefused() {
    CsrBuilder builder = new CsrBuilder(3).add(0, 1);
    assertThatThrownBy(() -> builder.add(0, 3)).hasMessage("edge 0 -> 3: ids are 0 to 2");
    assertThatThrownBy(() -> builder.add(-1, 0)).hasMessageContaining("edge -1 -> 0");
    assertThatThrownBy(() -> builder.add(0, 1, 5)).hasMessageContaining("or none has");
    assertThatThrownBy(() -> new CsrBuilder(-1)).isInstanceOf(CallerException.class);
    assertThat(builder.build().entryCount()).isEqualTo(1);
    assertThat(builder.build().entryCount()).isZero();
  }

  @Test
  void segmentsThatDoNotCoverTheVerticesAreRefused() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment none = arena.allocate(0);
      RowSegment one = new RowSegment(arena.allocate(12), none, none);
      assertThat(NativeAdjacency.of(2, 1, List.of(one)).entryCount()).isZero();
      assertThatThrownBy(() -> NativeAdjacency.of(3, 1, List.of(one)))
          .hasMessage("1 vertices are in no segment");
      assertThatThrownBy(() -> NativeAdjacency.of(2, 0, List.of(one)))
          .hasMessage("a segment of 1 vertices needs 2 offsets");
      assertThatThrownBy(() -> NativeAdjacency.of(2, 1, List.of(one, one)))
          .hasMessage("a segment of 0 vertices needs 1 offsets");
    }
  }

  @Test
  void aGraphKnowsItsVertices() {
    CsrGraph graph = CsrGraph.undirected(new CsrBuilder(2).symmetric().add(0, 1).build());
    assertThat(graph.isUndirected()).isTrue();
    graph.requireVertex(1);
    assertThatThrownBy(() -> graph.requireVertex(2)).hasMessage("vertex 2 is not from 0 to 1");
    CsrGraph empty = CsrGraph.undirected(new CsrBuilder(0).build());
    assertThatThrownBy(() -> empty.requireVertex(0)).hasMessage("vertex 0: the graph is empty");
    assertThatThrownBy(() -> new CsrGraph(graph.out(), empty.in()))
        .hasMessageContaining("not of the same graph");
  }
}
