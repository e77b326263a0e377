package io.kvbm.graph.csr.algorithm;

import io.kvbm.graph.csr.adjacency.CsrBuilder;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import io.kvbm.graph.csr.generate.GraphGenerator;
import java.util.SplittableRandom;

/** Two undirected graphs too large for plain models, for comparing algorithms with each other. */
final class LargerGraphs {

  static final int WIDTH = 300;

  /** Few vertices have very many neighbours, and many have none. */
  static final CsrGraph KRONECKER = simple(GraphGenerator.kronecker(14, 8, 5));

  /** 300 x 300, far from one corner to the other. */
  static final CsrGraph GRID = simple(GraphGenerator.grid(WIDTH, WIDTH));

  /** Of both graphs, with edges to most others. */
  static final int SOURCE = first(KRONECKER);

  private LargerGraphs() {}

  private static CsrGraph simple(GraphGenerator generator) {
    CsrBuilder builder = new CsrBuilder(generator.vertexCount()).symmetric().simple();
    generator.generate(builder::add);
    return CsrGraph.undirected(builder.build());
  }

  private static int first(CsrGraph graph) {
    int vertex = 0;
    while (graph.out().degree(vertex) < 100) {
      vertex++;
    }
    return vertex;
  }

  /** {@return a directed graph with weights: half of the entries of another} */
  static CsrGraph directedWeighted(CsrGraph graph, long seed) {
    CsrBuilder out = new CsrBuilder(graph.vertexCount());
    CsrBuilder in = new CsrBuilder(graph.vertexCount());
    SplittableRandom random = new SplittableRandom(seed);
    var cursor = graph.out().cursor();
    for (int v = 0; v < graph.vertexCount(); v++) {
      cursor.seek(v);
      do {
        for (int i = cursor.from(); i < cursor.to(); i++) {
          if (random.nextBoolean()) {
            int weight = random.nextInt(256);
            out.add(v, cursor.ids()[i], weight);
            in.add(cursor.ids()[i], v, weight);
          }
        }
      } while (cursor.next());
    }
    return new CsrGraph(out.build(), in.build());
  }

  /** {@return the same edges, each with a weight} */
  static CsrGraph weighted(CsrGraph graph, int most, long seed) {
    CsrBuilder builder = new CsrBuilder(graph.vertexCount()).symmetric();
    SplittableRandom random = new SplittableRandom(seed);
    var cursor = graph.out().cursor();
    for (int v = 0; v < graph.vertexCount(); v++) {
      cursor.seek(v);
      do {
        for (int i = cursor.from(); i < cursor.to(); i++) {
          if (cursor.ids()[i] >= v) {
            builder.add(v, cursor.ids()[i], 1 + random.nextInt(most));
          }
        }
      } while (cursor.next());
    }
    return CsrGraph.undirected(builder.build());
  }
}
