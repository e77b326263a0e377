package io.kvbm.graph.csr.algorithm;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.api.TransientException;
import io.kvbm.graph.csr.adjacency.Adjacency;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import io.kvbm.graph.csr.adjacency.HeapAdjacency;
import io.kvbm.graph.csr.adjacency.NativeAdjacency;
import io.kvbm.graph.csr.adjacency.RawMemory;
import io.kvbm.graph.csr.adjacency.RowCursor;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Weakly connected components: vertices that edges lead between, in whichever direction. Afforest
 * (Sutton, Ben-Nun, Barak: Optimizing Parallel Graph Connectivity Computation via Subgraph
 * Sampling, IPDPS 2018): two edges of each vertex find most of the largest component, whose other
 * edges need not be looked at. Time O(n + m) in practice, no memory besides the result.
 */
@Stability(Stability.Level.PREVIEW)
public final class ConnectedComponents {

  private static final int FIRST_EDGES = 2;
  private static final int SAMPLES = 1024;
  private static final int GRAIN = 1 << 12;
  private static final VarHandle INTS = MethodHandles.arrayElementVarHandle(int[].class);

  private final CsrGraph graph;
  private final Team team;
  private final boolean alone;
  private final int[] labels;

  private ConnectedComponents(CsrGraph graph, Team team) {
    this.graph = graph;
    this.team = team;
    this.alone = team.isAlone();
    this.labels = new int[graph.vertexCount()];
  }

  /**
   * {@return for each vertex the smallest id of its component; the same for any number of threads}
   *
   * @param graph any graph
   * @param options how it runs
   * @throws TransientException with {@link ErrorCode#CANCELLED}
   * @throws CapacityException with {@link ErrorCode#BUDGET_EXCEEDED}
   */
  public static int[] labels(CsrGraph graph, AlgorithmOptions options) {
    try (Team team = new Team(options)) {
      return labels(graph, team);
    }
  }

  static int[] labels(CsrGraph graph, Team team) {
    ConnectedComponents components = new ConnectedComponents(graph, team);
    components.run();
    return components.labels;
  }

  /**
   * {@return how many components there are}
   *
   * @param labels what {@link #labels(CsrGraph, AlgorithmOptions)} gave
   */
  public static int count(int[] labels) {
    int count = 0;
    for (int v = 0; v < labels.length; v++) {
      count += labels[v] == v ? 1 : 0;
    }
    return count;
  }

  private void run() {
    int vertices = labels.length;
    if (vertices == 0) {
      return;
    }
    Arrays.setAll(labels, v -> v);
    for (int round = 0; round < FIRST_EDGES; round++) {
      int entry = round;
      team.run(
          vertices,
          GRAIN,
          (from, to, _) ->
              switch (graph.out()) {
                case HeapAdjacency rows -> linkOne(rows, entry, from, to);
                case NativeAdjacency rows -> linkOne(rows, entry, from, to);
              });
      team.run(vertices, GRAIN, (from, to, _) -> compress(from, to));
    }
    int largest = frequent();
    team.run(vertices, GRAIN, (from, to, _) -> linkOthers(largest, from, to));
    team.run(vertices, GRAIN, (from, to, _) -> compress(from, to));
  }

  private long linkOne(HeapAdjacency rows, int entry, int from, int to) {
    int[] offsets = rows.offsets();
    int[] ids = rows.ids();
    for (int v = from; v < to; v++) {
      int i = offsets[v] + entry;
      if (i < offsets[v + 1]) {
        link(v, ids[i]);
      }
    }
    return (long) to - from;
  }

  private long linkOne(NativeAdjacency rows, int entry, int from, int to) {
    for (int v = from; v < to; v++) {
      if (entry < rows.degree(v)) {
        link(v, RawMemory.getInt(rows.rowAddress(v) + (long) entry * Integer.BYTES));
      }
    }
    return (long) to - from;
  }

  /** Every tree's root is its smallest id: only a root is hung, and only below a smaller one. */
  private void link(int first, int second) {
    int a = label(first);
    int b = label(second);
    while (a != b) {
      int high = Math.max(a, b);
      int low = Math.min(a, b);
      int above = label(high);
      if (above == low || above == high && hang(high, low)) {
        return;
      }
      a = label(label(high));
      b = label(low);
    }
  }

  private int label(int vertex) {
    return (int) INTS.getOpaque(labels, vertex);
  }

  private boolean hang(int root, int below) {
    if (alone) {
      labels[root] = below;
      return true;
    }
    return INTS.compareAndSet(labels, root, root, below);
  }

  private long compress(int from, int to) {
    for (int v = from; v < to; v++) {
      int parent = label(v);
      int above = label(parent);
      while (parent != above) {
        INTS.setOpaque(labels, v, above);
        parent = above;
        above = label(parent);
      }
    }
    return 0;
  }

  /** {@return the label that most of some vertices have, likely the largest component's} */
  private int frequent() {
    SplittableRandom random = new SplittableRandom(labels.length);
    int[] some = new int[Math.min(SAMPLES, labels.length)];
    Arrays.setAll(some, _ -> labels[random.nextInt(labels.length)]);
    Arrays.sort(some);
    int best = some[0];
    int most = 0;
    int run = 0;
    for (int i = 0; i < some.length; i++) {
      run = i > 0 && some[i] == some[i - 1] ? run + 1 : 1;
      if (run > most) {
        most = run;
        best = some[i];
      }
    }
    return best;
  }

  /** The edges of the largest component are those of the others, or lead nowhere new. */
  private long linkOthers(int largest, int from, int to) {
    RowCursor out = graph.out().cursor();
    long looked = 0;
    for (int v = from; v < to; v++) {
      if (label(v) != largest && graph.out().degree(v) > FIRST_EDGES) {
        looked += linkRow(out, v, graph.out());
      }
    }
    if (!graph.isUndirected()) {
      RowCursor in = graph.in().cursor();
      for (int v = from; v < to; v++) {
        if (label(v) != largest && graph.in().degree(v) > 0) {
          looked += linkRow(in, v, graph.in());
        }
      }
    }
    return looked;
  }

  private long linkRow(RowCursor cursor, int vertex, Adjacency rows) {
    cursor.seek(vertex);
    do {
      int[] ids = cursor.ids();
      for (int i = cursor.from(); i < cursor.to(); i++) {
        link(vertex, ids[i]);
      }
    } while (cursor.next());
    return rows.degree(vertex);
  }
}
