package io.kvbm.graph.csr.algorithm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/**
 * The lightest paths without loops by Yen (Management Science 17, 1971), with Lawler's rule
 * (Management Science 18, 1972): what is left of a set of paths when its lightest is taken out is
 * split where they leave it, so that no path is found twice.
 */
final class YenSearch {

  /**
   * The lightest path of a set: those that begin like it up to a vertex, from where they do not go
   * on to certain others.
   */
  private static final class Candidate {
    static final Comparator<Candidate> LIGHTEST_FIRST =
        Comparator.comparingLong((Candidate each) -> each.path.weight())
            .thenComparingInt(each -> each.path.vertices.length)
            .thenComparing((a, b) -> Arrays.compare(a.path.vertices, b.path.vertices));

    final LightestSearch.Found path;
    final int leaving;
    final int[] notNext;

    Candidate(LightestSearch.Found path, int leaving, int[] notNext) {
      this.path = path;
      this.leaving = leaving;
      this.notNext = notNext;
    }
  }

  private final LightestSearch search;
  private final EpochMarks root;
  private final TreeSet<Candidate> open = new TreeSet<>(Candidate.LIGHTEST_FIRST);

  YenSearch(LightestSearch search, int vertices) {
    this.search = search;
    this.root = new EpochMarks(vertices, 1);
  }

  /** {@return up to {@code count} paths between two different vertices} */
  List<GraphPath> find(int from, int to, int count) {
    List<GraphPath> found = new ArrayList<>();
    open.clear();
    LightestSearch.Found lightest = search.find(from, to, LightestSearch.NOTHING, Long.MAX_VALUE);
    if (lightest != null) {
      open.add(new Candidate(lightest, 0, LightestSearch.NOTHING));
    }
    search.forbid(root);
    try {
      while (!open.isEmpty()) {
        Candidate next = open.removeFirst();
        found.add(new GraphPath(next.path.vertices, next.path.weight()));
        if (found.size() == count) {
          break;
        }
        split(next, to, count - found.size());
      }
    } finally {
      search.forbid(null);
      open.clear();
    }
    return found;
  }

  private void split(Candidate taken, int to, int wanted) {
    int[] vertices = taken.path.vertices;
    root.clear();
    for (int i = 0; i < taken.leaving; i++) {
      root.set(vertices[i], 0);
    }
    for (int i = taken.leaving; i < vertices.length - 1; i++) {
      int[] notNext =
          i == taken.leaving ? with(taken.notNext, vertices[i + 1]) : new int[] {vertices[i + 1]};
      long base = taken.path.costs[i];
      long bound = open.size() < wanted ? Long.MAX_VALUE : open.last().path.weight();
      if (base < bound) {
        LightestSearch.Found rest = search.find(vertices[i], to, notNext, bound - base);
        if (rest != null) {
          open.add(new Candidate(joined(taken.path, i, rest), i, notNext));
          if (open.size() > wanted) {
            open.removeLast();
          }
        }
      }
      root.set(vertices[i], 0);
    }
  }

  private static int[] with(int[] sorted, int vertex) {
    int[] more = Arrays.copyOf(sorted, sorted.length + 1);
    more[sorted.length] = vertex;
    Arrays.sort(more);
    return more;
  }

  /** {@return a path up to one of its vertices, and from there another} */
  private static LightestSearch.Found joined(
      LightestSearch.Found path, int index, LightestSearch.Found rest) {
    int length = index + rest.vertices.length;
    int[] vertices = Arrays.copyOf(path.vertices, length);
    System.arraycopy(rest.vertices, 0, vertices, index, rest.vertices.length);
    long[] costs = Arrays.copyOf(path.costs, length);
    for (int i = 0; i < rest.costs.length; i++) {
      costs[index + i] = path.costs[index] + rest.costs[i];
    }
    return new LightestSearch.Found(vertices, costs);
  }
}
