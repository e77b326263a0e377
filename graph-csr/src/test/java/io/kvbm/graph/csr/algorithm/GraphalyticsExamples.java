package io.kvbm.graph.csr.algorithm;

import io.kvbm.graph.csr.adjacency.CsrBuilder;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import java.util.ArrayList;
import java.util.List;

/**
 * The small graphs of the LDBC Graphalytics specification (appendix "Example Graphs for
 * Validation"), as the files of the module graphalytics-validation have them, with the results
 * given there. Their ids start with 1, sometimes 2; vertices below have no edges here.
 */
final class GraphalyticsExamples {

  /** Files example-directed-input, -CDLP (2 iterations) and -LCC. */
  static final CsrGraph DIRECTED =
      directed("1 3 5,2 4 5 10,3 1 5 8 10,4,5 3 4 8,6 3 4,7 4,8 1,9 4,10");

  static final int[] DIRECTED_CDLP = {0, 1, 2, 3, 4, 1, 1, 2, 3, 2, 1};
  static final double[] DIRECTED_LCC = {
    0,
    6.666666666666666e-01,
    1.666666666666667e-01,
    0.15,
    0.05,
    0.25,
    0,
    0,
    8.333333333333334e-01,
    0,
    0
  };

  /** Files example-undirected-input, -CDLP (2 iterations) and -LCC. */
  static final CsrGraph UNDIRECTED =
      undirected("2 3 4,3 2 4 5 8,4 2 3,5 3 6 8,6 5 7 8 9 10,7 6 9,8 3 5 6,9 6 7,10 6");

  static final int[] UNDIRECTED_CDLP = {0, 1, 2, 3, 2, 2, 6, 5, 2, 5, 5};
  static final double[] UNDIRECTED_LCC = {
    0, 0, 1, 3.333333333333333e-01, 1, 6.666666666666666e-01, 0.2, 1, 6.666666666666666e-01, 1, 0
  };

  /** Files cdlp/dir-input and dir-output (5 iterations). */
  static final CsrGraph CDLP_DIRECTED =
      directed("1 2 3 7,2 1 3,3 1 2,4 5 6,5 4 6 7,6 5 7,7 5 6 8,8 6");

  static final int[] CDLP_DIRECTED_RESULT = {0, 1, 1, 1, 5, 4, 4, 4, 4};

  /** Files cdlp/undir-input and undir-output (5 iterations). */
  static final CsrGraph CDLP_UNDIRECTED =
      undirected("1 2 3 7,2 1 3,3 1 2,4 5 6 8,5 4 6 7 8,6 4 5 7 8,7 1 5 6 8,8 4 5 6 7");

  static final int[] CDLP_UNDIRECTED_RESULT = {0, 1, 1, 1, 4, 4, 4, 4, 4};

  private GraphalyticsExamples() {}

  private static CsrGraph undirected(String lines) {
    List<int[]> edges = edges(lines);
    return CsrGraph.undirected(builder(edges, false).build());
  }

  private static CsrGraph directed(String lines) {
    List<int[]> edges = edges(lines);
    return new CsrGraph(builder(edges, false).build(), builder(edges, true).build());
  }

  private static CsrBuilder builder(List<int[]> edges, boolean turned) {
    int most = edges.stream().mapToInt(edge -> Math.max(edge[0], edge[1])).max().orElse(0);
    CsrBuilder builder = new CsrBuilder(most + 1);
    edges.forEach(edge -> builder.add(edge[turned ? 1 : 0], edge[turned ? 0 : 1]));
    return builder;
  }

  private static List<int[]> edges(String lines) {
    List<int[]> edges = new ArrayList<>();
    for (String line : lines.split(",", -1)) {
      String[] ids = line.split(" ", -1);
      for (int i = 1; i < ids.length; i++) {
        edges.add(new int[] {Integer.parseInt(ids[0]), Integer.parseInt(ids[i])});
      }
    }
    return edges;
  }
}
