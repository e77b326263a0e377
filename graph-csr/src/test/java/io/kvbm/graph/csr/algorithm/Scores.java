package io.kvbm.graph.csr.algorithm;

/** Compares scores. */
final class Scores {

  private Scores() {}

  static void requireClose(String name, double[] scores, double[] expected, double tolerance) {
    if (scores.length != expected.length) {
      throw new AssertionError("%s: %d scores".formatted(name, scores.length));
    }
    for (int v = 0; v < scores.length; v++) {
      if (!(Math.abs(scores[v] - expected[v]) <= tolerance)) {
        throw new AssertionError(
            "%s: vertex %d has %s, not %s".formatted(name, v, scores[v], expected[v]));
      }
    }
  }
}
