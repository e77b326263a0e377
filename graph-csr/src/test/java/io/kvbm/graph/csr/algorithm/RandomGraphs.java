package io.kvbm.graph.csr.algorithm;

import io.kvbm.graph.csr.adjacency.CsrBuilder;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import io.kvbm.graph.csr.adjacency.HeapAdjacency;
import io.kvbm.graph.csr.adjacency.NativeAdjacency;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Makes small graphs at random, with parallel edges, self-loops and vertices without edges, and the
 * list of their edges for plain models. Graphs outside the heap live until this is closed.
 */
final class RandomGraphs implements AutoCloseable {

  /** How many graphs an algorithm is compared with its model on. */
  static final int ROUNDS = 2000;

  private static final int HEAVIEST = 20;

  /**
   * An edge, or an entry of a row.
   *
   * @param weight 1 in graphs without weights
   */
  record Edge(int from, int to, int weight) {
    Edge turned() {
      return new Edge(to, from, weight);
    }
  }

  /**
   * A graph in two forms.
   *
   * @param name has the seed and the round
   * @param weighted whether its rows have weights
   * @param edges each once, also where they lead both ways
   * @param heap the graph on the heap
   * @param outside the same outside the heap, in segments of two or four vertices
   */
  record Sample(
      String name,
      int vertexCount,
      boolean undirected,
      boolean weighted,
      List<Edge> edges,
      CsrGraph heap,
      CsrGraph outside) {

    List<CsrGraph> graphs() {
      return List.of(heap, outside);
    }

    /** {@return the entries of the rows out: of undirected graphs every edge both ways} */
    List<Edge> arcs() {
      if (!undirected) {
        return edges;
      }
      List<Edge> both = new ArrayList<>(edges);
      edges.forEach(edge -> both.add(edge.turned()));
      return both;
    }

    /** {@return where the entries of each vertex's row lead to, in no order} */
    List<List<Edge>> rows() {
      List<List<Edge>> rows = new ArrayList<>();
      for (int v = 0; v < vertexCount; v++) {
        rows.add(new ArrayList<>());
      }
      arcs().forEach(arc -> rows.get(arc.from()).add(arc));
      return rows;
    }

    @Override
    public String toString() {
      return "%s: %d vertices, %s %s"
          .formatted(name, vertexCount, undirected ? "undirected" : "directed", edges);
    }
  }

  private final Arena arena = Arena.ofConfined();
  private final long seed;
  private final Random random;
  private int round;

  /** Prints the seed it takes. */
  RandomGraphs() {
    this(new Random().nextLong());
    System.out.println("seed " + seed);
  }

  RandomGraphs(long seed) {
    this.seed = seed;
    this.random = new Random(seed);
  }

  Random random() {
    return random;
  }

  /** {@return a graph of any kind with 1 to {@code mostVertices} vertices} */
  Sample any(int mostVertices) {
    return sample(mostVertices, random.nextBoolean(), random.nextBoolean());
  }

  Sample undirected(int mostVertices) {
    return sample(mostVertices, true, random.nextBoolean());
  }

  Sample directed(int mostVertices) {
    return sample(mostVertices, false, random.nextBoolean());
  }

  Sample sample(int mostVertices, boolean undirected, boolean weighted) {
    int vertices = 1 + random.nextInt(mostVertices);
    int density = 1 << random.nextInt(3);
    int count = random.nextInt(vertices * density + 1);
    List<Edge> edges = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int weight = weighted ? random.nextInt(HEAVIEST + 1) : 1;
      edges.add(new Edge(random.nextInt(vertices), random.nextInt(vertices), weight));
    }
    return sample(vertices, undirected, weighted && count > 0, edges);
  }

  /** {@return the graph of the edges given} */
  Sample sample(int vertices, boolean undirected, boolean weighted, List<Edge> edges) {
    HeapAdjacency out = rows(vertices, undirected, weighted, edges);
    CsrGraph heap =
        undirected
            ? CsrGraph.undirected(out)
            : new CsrGraph(
                out, rows(vertices, false, weighted, edges.stream().map(Edge::turned).toList()));
    int shift = 1 + random.nextInt(2);
    CsrGraph outside =
        undirected
            ? CsrGraph.undirected(NativeAdjacency.copyOf(out, arena, shift))
            : new CsrGraph(
                NativeAdjacency.copyOf(out, arena, shift),
                NativeAdjacency.copyOf(heap.in(), arena, shift));
    String name = "seed %d round %d".formatted(seed, round++);
    return new Sample(name, vertices, undirected, weighted, List.copyOf(edges), heap, outside);
  }

  private static HeapAdjacency rows(
      int vertices, boolean undirected, boolean weighted, List<Edge> edges) {
    CsrBuilder builder = new CsrBuilder(vertices);
    if (undirected) {
      builder.symmetric();
    }
    for (Edge edge : edges) {
      if (weighted) {
        builder.add(edge.from(), edge.to(), edge.weight());
      } else {
        builder.add(edge.from(), edge.to());
      }
    }
    return builder.build();
  }

  @Override
  public void close() {
    arena.close();
  }
}
