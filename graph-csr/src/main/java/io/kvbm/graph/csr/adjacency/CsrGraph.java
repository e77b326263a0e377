package io.kvbm.graph.csr.adjacency;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;

/**
 * A graph as its rows: where edges lead to, and where they come from. Of an undirected graph both
 * are the same rows.
 *
 * @param out for each vertex, where its edges lead to
 * @param in for each vertex, where the edges to it come from
 */
@Stability(Stability.Level.PREVIEW)
public record CsrGraph(Adjacency out, Adjacency in) {

  /** Creates a graph. */
  public CsrGraph {
    if (out.vertexCount() != in.vertexCount() || out.entryCount() != in.entryCount()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "rows out and in are not of the same graph");
    }
  }

  /**
   * {@return an undirected graph}
   *
   * @param rows each edge in the rows of both its vertices
   */
  public static CsrGraph undirected(Adjacency rows) {
    return new CsrGraph(rows, rows);
  }

  /** {@return whether every edge leads both ways} */
  public boolean isUndirected() {
    return out == in;
  }

  /** {@return how many vertices there are} */
  public int vertexCount() {
    return out.vertexCount();
  }

  /**
   * Goes on if a vertex is of this graph.
   *
   * @param vertex its id
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if it is not
   */
  public void requireVertex(int vertex) {
    if (vertex < 0 || vertex >= vertexCount()) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          vertexCount() == 0
              ? "vertex %d: the graph is empty".formatted(vertex)
              : "vertex %d is not from 0 to %d".formatted(vertex, vertexCount() - 1));
    }
  }
}
