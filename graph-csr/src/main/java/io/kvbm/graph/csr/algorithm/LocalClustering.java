package io.kvbm.graph.csr.algorithm;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import io.kvbm.graph.csr.adjacency.HeapAdjacency;
import io.kvbm.graph.csr.adjacency.RowCursor;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * How closely the neighbours of each vertex are connected with each other: the local clustering
 * coefficient as LDBC Graphalytics defines LCC (Iosup et al., PVLDB 9, 2016). With N the vertices
 * that an edge connects with a vertex, in whatever direction, it is the number of edges from one of
 * N to another of N, divided by |N| (|N| - 1); 0 if |N| is below 2. An undirected edge counts both
 * ways; self-loops and parallel edges, which Graphalytics does not have, count nothing.
 *
 * <p>Every triangle is found once, from its vertex of lowest degree (Schank and Wagner, WEA 2005;
 * Latapy, Theoretical Computer Science 407, 2008), so that vertices with very many neighbours do
 * not cost the square of their number: O(n + m^1.5). Takes 4 bytes for each pair of connected
 * vertices, 28 for each vertex, and 4 for each vertex and thread.
 */
@Stability(Stability.Level.PREVIEW)
public final class LocalClustering {

  private static final int GRAIN = 256;
  private static final int TRIANGLE_GRAIN = 64;
  private static final long UNTIL_CHECK = 1 << 20;
  private static final int BOTH_WAYS = 1 << 31;
  private static final int ID = Integer.MAX_VALUE;

  private final CsrGraph graph;
  private final Team team;
  private final int[] degree;
  private final int[] rank;
  private final int[] start;
  private int[] higher = {};

  private LocalClustering(CsrGraph graph, Team team) {
    this.graph = graph;
    this.team = team;
    degree = new int[graph.vertexCount()];
    rank = new int[degree.length];
    start = new int[degree.length + 1];
  }

  /**
   * {@return the coefficient of each vertex, from 0 to 1; the same for any number of threads}
   *
   * @param graph whose vertices are looked at
   * @param options how it runs; its budget counts rows and what is compared to find triangles
   * @throws CapacityException if more than 2^31 - 9 pairs of vertices are connected
   */
  public static double[] run(CsrGraph graph, AlgorithmOptions options) {
    try (Team team = new Team(options)) {
      team.check(0);
      LocalClustering run = new LocalClustering(graph, team);
      run.orient();
      return run.coefficients(run.edgesBetweenNeighbours());
    }
  }

  /** Makes rows of the neighbours of higher rank; ranks rise with the number of neighbours. */
  private void orient() {
    Neighbours[] neighbours = new Neighbours[team.threads()];
    Arrays.setAll(neighbours, i -> new Neighbours(graph));
    team.run(
        degree.length,
        GRAIN,
        (from, to, worker) -> {
          long looked = 0;
          for (int v = from; v < to; v++) {
            looked += neighbours[worker].gather(v);
            degree[v] = neighbours[worker].all.size();
          }
          return looked;
        });
    rank();
    team.run(
        degree.length,
        GRAIN,
        (from, to, worker) -> {
          long looked = 0;
          for (int v = from; v < to; v++) {
            looked += neighbours[worker].gather(v);
            start[rank[v] + 1] = countHigher(rank[v], neighbours[worker].all);
          }
          return looked;
        });
    sumUp();
    team.run(
        degree.length,
        GRAIN,
        (from, to, worker) -> {
          long looked = 0;
          for (int v = from; v < to; v++) {
            looked += neighbours[worker].gather(v);
            placeHigher(rank[v], neighbours[worker].all);
          }
          return looked;
        });
  }

  private void rank() {
    int most = Arrays.stream(degree).max().orElse(0);
    int[] next = new int[most + 2];
    for (int each : degree) {
      next[each + 1]++;
    }
    for (int i = 1; i < next.length; i++) {
      next[i] += next[i - 1];
    }
    for (int v = 0; v < degree.length; v++) {
      rank[v] = next[degree[v]]++;
    }
  }

  private int countHigher(int own, IntList neighbours) {
    int count = 0;
    for (int i = 0; i < neighbours.size(); i++) {
      if (rank[neighbours.get(i) & ID] > own) {
        count++;
      }
    }
    return count;
  }

  private void sumUp() {
    long sum = 0;
    for (int i = 1; i < start.length; i++) {
      sum += start[i];
      if (sum > HeapAdjacency.MOST_ENTRIES) {
        throw new CapacityException(
            ErrorCode.ALLOCATION_FAILED,
            "more than %d pairs of vertices are connected".formatted(HeapAdjacency.MOST_ENTRIES),
            sum,
            HeapAdjacency.MOST_ENTRIES);
      }
      start[i] = (int) sum;
    }
    higher = new int[(int) sum];
  }

  private void placeHigher(int own, IntList neighbours) {
    int at = start[own];
    for (int i = 0; i < neighbours.size(); i++) {
      int other = rank[neighbours.get(i) & ID];
      if (other > own) {
        higher[at++] = other | neighbours.get(i) & BOTH_WAYS;
      }
    }
  }

  /** {@return for each rank, how many edges are between its neighbours} */
  private AtomicLongArray edgesBetweenNeighbours() {
    AtomicLongArray edges = new AtomicLongArray(degree.length);
    Triangles[] triangles = new Triangles[team.threads()];
    Arrays.setAll(triangles, i -> new Triangles(edges));
    team.run(degree.length, TRIANGLE_GRAIN, (from, to, worker) -> triangles[worker].find(from, to));
    return edges;
  }

  private double[] coefficients(AtomicLongArray edges) {
    double[] coefficients = new double[degree.length];
    for (int v = 0; v < degree.length; v++) {
      if (degree[v] > 1) {
        coefficients[v] = edges.get(rank[v]) / ((double) degree[v] * (degree[v] - 1));
      }
    }
    return coefficients;
  }

  /** The neighbours of a vertex, each once, marked if edges lead both ways. For one thread. */
  private static final class Neighbours {
    private final RowCursor out;
    private final @Nullable RowCursor in;
    private final IntList after = new IntList();
    private final IntList ahead = new IntList();
    final IntList all = new IntList();

    Neighbours(CsrGraph graph) {
      out = graph.out().cursor();
      in = graph.isUndirected() ? null : graph.in().cursor();
    }

    /** {@return how many entries were looked at} */
    long gather(int vertex) {
      all.clear();
      if (in == null) {
        return distinct(out, vertex, all, BOTH_WAYS);
      }
      after.clear();
      ahead.clear();
      long looked = distinct(out, vertex, after, 0) + distinct(in, vertex, ahead, 0);
      int i = 0;
      int j = 0;
      while (i < after.size() && j < ahead.size()) {
        int one = after.get(i);
        int other = ahead.get(j);
        all.add(one == other ? one | BOTH_WAYS : Math.min(one, other));
        i += one <= other ? 1 : 0;
        j += other <= one ? 1 : 0;
      }
      for (; i < after.size(); i++) {
        all.add(after.get(i));
      }
      for (; j < ahead.size(); j++) {
        all.add(ahead.get(j));
      }
      return looked;
    }

    private static long distinct(RowCursor cursor, int vertex, IntList into, int mark) {
      long looked = 0;
      int last = vertex;
      cursor.seek(vertex);
      do {
        int[] ids = cursor.ids();
        for (int i = cursor.from(); i < cursor.to(); i++) {
          if (ids[i] != last && ids[i] != vertex) {
            last = ids[i];
            into.add(last | mark);
          }
        }
        looked += cursor.to() - cursor.from();
      } while (cursor.next());
      return looked;
    }
  }

  /** Finds triangles from their vertex of lowest rank. For one thread. */
  private final class Triangles {
    private final AtomicLongArray edges;
    private final int[] placeOf = new int[degree.length]; // in the row looked at, and 1
    private int[] ways = {};
    private long[] between = {};

    Triangles(AtomicLongArray edges) {
      this.edges = edges;
    }

    long find(int from, int to) {
      long looked = 0;
      for (int a = from; a < to; a++) {
        int length = start[a + 1] - start[a];
        if (length > 1) {
          looked += findOf(a, start[a], length);
          if (looked > UNTIL_CHECK) {
            team.check(looked);
            looked = 0;
          }
        }
      }
      return looked;
    }

    private long findOf(int a, int first, int length) {
      if (ways.length < length) {
        ways = new int[Math.max(length, ways.length * 2)];
        between = new long[ways.length];
      }
      for (int i = 0; i < length; i++) {
        placeOf[higher[first + i] & ID] = i + 1;
        ways[i] = waysOf(higher[first + i]);
        between[i] = 0;
      }
      long looked = length;
      long own = 0;
      for (int i = 0; i < length; i++) {
        int b = higher[first + i] & ID;
        long ofB = 0;
        for (int j = start[b]; j < start[b + 1]; j++) {
          int place = placeOf[higher[j] & ID];
          if (place > 0) {
            own += waysOf(higher[j]);
            ofB += ways[place - 1];
            between[place - 1] += ways[i];
          }
        }
        between[i] += ofB;
        looked += start[b + 1] - start[b];
      }
      if (own > 0) {
        edges.getAndAdd(a, own);
      }
      for (int i = 0; i < length; i++) {
        int b = higher[first + i] & ID;
        placeOf[b] = 0;
        if (between[i] > 0) {
          edges.getAndAdd(b, between[i]);
        }
      }
      return looked;
    }

    private static int waysOf(int entry) {
      return entry < 0 ? 2 : 1;
    }
  }
}
