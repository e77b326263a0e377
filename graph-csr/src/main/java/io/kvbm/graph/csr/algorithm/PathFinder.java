package io.kvbm.graph.csr.algorithm;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.graph.csr.adjacency.Adjacency;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import io.kvbm.graph.csr.adjacency.RowCursor;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds paths between two vertices, from both ends at once: a query costs what it looks at, not
 * what the graph has. For this it keeps memory from one query to the next: 8 bytes for each vertex
 * of the graph, from the first query for lightest paths on another 32, for several of them 4 more,
 * for all shortest paths 24. The same query has the same answer on every machine and kind of rows.
 *
 * <p>Queries run on the caller's thread, whatever number of threads the options have. A query ends
 * early, with nothing kept, when the options' token is cancelled or their budget spent.
 *
 * <p>Threading: for one thread; others take a finder of their own on the same graph.
 */
@Stability(Stability.Level.PREVIEW)
public final class PathFinder {

  private static final int NONE = -1;
  private static final int FORWARD = 0;
  private static final int BACKWARD = 1;

  /** The vertices that one of two searches has reached last. */
  private static final class Frontier {
    final Adjacency rows;
    final RowCursor cursor;
    final int own;
    final IntList queue = new IntList();
    int level;
    long edges;

    Frontier(Adjacency rows, int own) {
      this.rows = rows;
      this.cursor = rows.cursor();
      this.own = own;
    }

    void start(int vertex) {
      queue.clear();
      level = 0;
      edges = 0;
      add(vertex);
    }

    void add(int vertex) {
      queue.add(vertex);
      edges += rows.degree(vertex);
    }

    boolean isDone() {
      return level == queue.size();
    }
  }

  private final CsrGraph graph;
  private final Meter meter = new Meter();
  private final Frontier forward;
  private final Frontier backward;
  private final EpochMarks reached;
  private final int[] before;
  private int near;
  private int far;
  private @Nullable LightestSearch weighted;
  private @Nullable YenSearch several;
  private @Nullable ShortestPathDag all;

  /**
   * Creates a finder.
   *
   * @param graph where paths are looked for
   */
  public PathFinder(CsrGraph graph) {
    this.graph = graph;
    forward = new Frontier(graph.out(), FORWARD);
    backward = new Frontier(graph.in(), BACKWARD);
    reached = new EpochMarks(graph.vertexCount(), 2);
    before = new int[graph.vertexCount()];
  }

  /**
   * {@return a path of the fewest edges, or empty if none leads there; weights are not looked at}
   * Breadth-first search from both ends (Pohl, 1971), each time on the side whose next level has
   * fewer edges: at most O(n + m). Of several such paths it is always the same.
   *
   * @param from where it starts
   * @param to where it ends; the path of a vertex to itself has no edges
   * @param options the token and the budget of this query
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if a vertex is not of the graph
   */
  public Optional<GraphPath> shortest(int from, int to, AlgorithmOptions options) {
    start(from, to, options);
    if (from == to) {
      return Optional.of(at(from));
    }
    reached.clear();
    forward.start(from);
    backward.start(to);
    reached.set(from, FORWARD);
    reached.set(to, BACKWARD);
    before[from] = NONE;
    before[to] = NONE;
    while (!forward.isDone() && !backward.isDone()) {
      Frontier smaller = forward.edges <= backward.edges ? forward : backward;
      if (expand(smaller)) {
        return Optional.of(smaller == forward ? joined(near, far) : joined(far, near));
      }
    }
    return Optional.empty();
  }

  /** Goes on by a level, or until the other side's vertices are met; {@return whether they are} */
  private boolean expand(Frontier side) {
    RowCursor cursor = side.cursor;
    int end = side.queue.size();
    side.edges = 0;
    for (; side.level < end; side.level++) {
      int vertex = side.queue.get(side.level);
      cursor.seek(vertex);
      do {
        int[] ids = cursor.ids();
        for (int i = cursor.from(); i < cursor.to(); i++) {
          int state = reached.state(ids[i]);
          if (state < 0) {
            reached.set(ids[i], side.own);
            before[ids[i]] = vertex;
            side.add(ids[i]);
          } else if (state != side.own) {
            near = vertex;
            far = ids[i];
            return true;
          }
        }
        meter.spend(cursor.to() - cursor.from());
      } while (cursor.next());
    }
    return false;
  }

  /** {@return the path over an edge between a vertex reached forward and one reached backward} */
  private GraphPath joined(int last, int next) {
    int first = 0;
    for (int v = last; v != NONE; v = before[v]) {
      first++;
    }
    int length = first;
    for (int v = next; v != NONE; v = before[v]) {
      length++;
    }
    int[] vertices = new int[length];
    int vertex = last;
    for (int i = first - 1; i >= 0; i--) {
      vertices[i] = vertex;
      vertex = before[vertex];
    }
    vertex = next;
    for (int i = first; i < length; i++) {
      vertices[i] = vertex;
      vertex = before[vertex];
    }
    return new GraphPath(vertices, length - 1L);
  }

  /**
   * {@return a path whose weights have the smallest sum, or empty if none leads there} Dijkstra's
   * algorithm (1959) from both ends (Nicholson, 1966): at most O((n + m) log m). In a graph without
   * weights every edge weighs 1. Of several such paths it is always the same.
   *
   * @param from where it starts
   * @param to where it ends; the path of a vertex to itself has no edges
   * @param options the token and the budget of this query
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if a vertex is not of the graph,
   *     with {@link ErrorCode#INVALID_ARGUMENT} if an edge that was looked at weighs less than 0
   */
  public Optional<GraphPath> lightest(int from, int to, AlgorithmOptions options) {
    start(from, to, options);
    if (from == to) {
      return Optional.of(at(from));
    }
    LightestSearch.Found found = search().find(from, to, LightestSearch.NOTHING, Long.MAX_VALUE);
    return found == null
        ? Optional.empty()
        : Optional.of(new GraphPath(found.vertices, found.weight()));
  }

  /**
   * {@return the paths whose weights have the smallest sums, the lightest first; fewer if there are
   * not so many} They come to no vertex twice, and differ in their vertices: parallel edges make no
   * further path. Yen's algorithm (1971) with Lawler's rule (1972): for each path and each of its
   * vertices up to one search for a lightest path. Which ones of equal weight are among them, and
   * their order, is always the same.
   *
   * @param from where they start
   * @param to where they end; the only path of a vertex to itself has no edges
   * @param count how many at most; 1 or more
   * @param options the token and the budget of this query
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if a vertex is not of the graph,
   *     with {@link ErrorCode#INVALID_ARGUMENT} if the count is below 1, or if an edge that was
   *     looked at weighs less than 0
   */
  public List<GraphPath> lightest(int from, int to, int count, AlgorithmOptions options) {
    start(from, to, options);
    requirePositive(count);
    if (from == to) {
      return List.of(at(from));
    }
    YenSearch search = several;
    if (search == null) {
      search = new YenSearch(search(), graph.vertexCount());
      several = search;
    }
    return search.find(from, to, count);
  }

  /**
   * {@return paths of the fewest edges, in the order of their vertices' ids; the first of them if
   * there are more than asked for} They differ in their vertices: parallel edges make no further
   * path. Weights are not looked at. Searches once, then lists the paths without a step that is of
   * none of them: O(n + m) and what the paths have together, however many there are. Entries of the
   * paths count for the budget too.
   *
   * @param from where they start
   * @param to where they end; the only path of a vertex to itself has no edges
   * @param limit how many at most; 1 or more
   * @param options the token and the budget of this query
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if a vertex is not of the graph,
   *     with {@link ErrorCode#INVALID_ARGUMENT} if the limit is below 1
   */
  public List<GraphPath> allShortest(int from, int to, int limit, AlgorithmOptions options) {
    start(from, to, options);
    requirePositive(limit);
    if (from == to) {
      return List.of(at(from));
    }
    ShortestPathDag dag = all;
    if (dag == null) {
      dag = new ShortestPathDag(graph, meter);
      all = dag;
    }
    return dag.find(from, to, limit);
  }

  private void start(int from, int to, AlgorithmOptions options) {
    graph.requireVertex(from);
    graph.requireVertex(to);
    meter.start(options);
  }

  private static void requirePositive(int count) {
    if (count < 1) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "%d paths are fewer than 1".formatted(count));
    }
  }

  private static GraphPath at(int vertex) {
    return new GraphPath(new int[] {vertex}, 0);
  }

  private LightestSearch search() {
    LightestSearch search = weighted;
    if (search == null) {
      search = new LightestSearch(graph, meter);
      weighted = search;
    }
    return search;
  }
}
