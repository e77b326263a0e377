package io.kvbm.graph.csr.algorithm;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import io.kvbm.graph.csr.adjacency.RowCursor;
import java.util.Objects;

/** The vertices that some hops lead to from a vertex, by levels. Threading: immutable. */
@Stability(Stability.Level.PREVIEW)
public final class Neighbourhood {

  private final IntList vertices;
  private final IntList starts;
  private final boolean complete;

  private Neighbourhood(IntList vertices, IntList starts, boolean complete) {
    this.vertices = vertices;
    this.starts = starts;
    this.complete = complete;
  }

  /**
   * {@return the vertices that at most {@code hops} edges lead to, followed as they point} To
   * follow them back, give a graph of the same rows the other way round.
   *
   * <p>Breadth-first search on the caller's thread: costs the rows of all levels but the last, and
   * memory for what it found.
   *
   * @param graph where they are looked for
   * @param vertex from where, itself at level 0
   * @param hops the farthest level; 0 or more
   * @param limit the search ends when it has found so many vertices; 1 or more
   * @param options the token and the budget
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if the vertex is not of the graph,
   *     with {@link ErrorCode#INVALID_ARGUMENT} if hops or limit are too small
   */
  public static Neighbourhood of(
      CsrGraph graph, int vertex, int hops, int limit, AlgorithmOptions options) {
    graph.requireVertex(vertex);
    if (hops < 0 || limit < 1) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "%d hops are below 0, or a limit of %d below 1".formatted(hops, limit));
    }
    Meter meter = new Meter();
    meter.start(options);
    VertexSet seen = new VertexSet(graph.vertexCount());
    IntList found = new IntList();
    IntList starts = new IntList();
    seen.add(vertex);
    found.add(vertex);
    starts.add(0);
    boolean complete = true;
    RowCursor cursor = graph.out().cursor();
    for (int level = 0; level < hops && complete; level++) {
      int start = starts.get(level);
      int end = found.size();
      starts.add(end);
      for (int i = start; i < end && complete; i++) {
        complete = addRow(cursor, found.get(i), seen, found, limit, meter);
      }
      found.sort(end, found.size());
      if (found.size() == end) {
        return new Neighbourhood(found, starts, complete);
      }
    }
    starts.add(found.size());
    return new Neighbourhood(found, starts, complete);
  }

  /** {@return whether there was room for all of a row} */
  private static boolean addRow(
      RowCursor cursor, int vertex, VertexSet seen, IntList found, int limit, Meter meter) {
    cursor.seek(vertex);
    do {
      int[] ids = cursor.ids();
      for (int i = cursor.from(); i < cursor.to(); i++) {
        if (seen.add(ids[i])) {
          if (found.size() == limit) {
            return false;
          }
          found.add(ids[i]);
        }
      }
      meter.spend(cursor.to() - cursor.from());
    } while (cursor.next());
    return true;
  }

  /** {@return how many vertices were found, the one it started from among them} */
  public int size() {
    return vertices.size();
  }

  /** {@return the vertices, nearest first, those of a level by their ids; a copy} */
  public int[] vertices() {
    return vertices.copy(0, vertices.size());
  }

  /** {@return how many levels have a vertex; 1 or more} */
  public int levelCount() {
    return starts.size() - 1;
  }

  /**
   * {@return the vertices of a level, by their ids; a copy}
   *
   * @param hops 0 for the one it started from, up to {@link #levelCount()} - 1
   */
  public int[] level(int hops) {
    Objects.checkIndex(hops, levelCount());
    return vertices.copy(starts.get(hops), starts.get(hops + 1));
  }

  /**
   * {@return whether nothing was left out because of the limit; of the last level only those found
   * first are there otherwise}
   */
  public boolean isComplete() {
    return complete;
  }
}
