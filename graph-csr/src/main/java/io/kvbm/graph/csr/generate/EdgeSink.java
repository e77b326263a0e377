package io.kvbm.graph.csr.generate;

import io.kvbm.api.Stability;

/** Takes edges one by one. */
@Stability(Stability.Level.PREVIEW)
@FunctionalInterface
public interface EdgeSink {
  /**
   * Takes an edge.
   *
   * @param from where it starts
   * @param to where it ends
   */
  void edge(int from, int to);
}
