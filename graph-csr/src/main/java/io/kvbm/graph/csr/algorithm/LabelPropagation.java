package io.kvbm.graph.csr.algorithm;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import io.kvbm.graph.csr.adjacency.RowCursor;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Communities by label propagation, as LDBC Graphalytics defines CDLP (Iosup et al., PVLDB 9, 2016,
 * after Raghavan, Albert and Kumara, Physical Review E 76, 2007): all vertices at once take the
 * label that most of their neighbours have, the smallest of several. The same for any number of
 * threads.
 */
@Stability(Stability.Level.PREVIEW)
public final class LabelPropagation {

  private static final int GRAIN = 256;

  private LabelPropagation() {}

  /**
   * {@return the label of each vertex: the id of a vertex}
   *
   * <p>A vertex begins with its own id as label, and keeps its label if it has no neighbours. Every
   * entry of its rows counts once: in directed graphs those out and in, so that an edge both ways
   * counts twice; parallel edges and self-loops, which Graphalytics does not have, as often as they
   * are there. O(n + m) for an iteration; ends before the last if an iteration changed nothing.
   *
   * @param graph whose vertices are labelled
   * @param iterations how often labels are taken; 0 or more
   * @param options how it runs
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if there are fewer iterations
   */
  public static int[] run(CsrGraph graph, int iterations, AlgorithmOptions options) {
    if (iterations < 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "%d iterations are below 0".formatted(iterations));
    }
    int count = graph.vertexCount();
    int[] labels = new int[count];
    Arrays.setAll(labels, v -> v);
    int[] spare = new int[count];
    try (Team team = new Team(options)) {
      team.check(0);
      Worker[] workers = new Worker[team.threads()];
      Arrays.setAll(workers, i -> new Worker(graph));
      for (int i = 0; i < iterations; i++) {
        int[] from = labels;
        int[] to = spare;
        AtomicBoolean changed = new AtomicBoolean();
        team.run(
            count,
            GRAIN,
            (first, end, worker) -> workers[worker].label(first, end, from, to, changed));
        labels = to;
        spare = from;
        if (!changed.get()) {
          break;
        }
      }
    }
    return labels;
  }

  /** What a thread works with. */
  private static final class Worker {
    private final RowCursor out;
    private final @Nullable RowCursor in;
    private final Histogram histogram = new Histogram();

    Worker(CsrGraph graph) {
      out = graph.out().cursor();
      in = graph.isUndirected() ? null : graph.in().cursor();
    }

    long label(int first, int end, int[] labels, int[] next, AtomicBoolean changed) {
      long looked = 0;
      boolean same = true;
      for (int v = first; v < end; v++) {
        histogram.clear();
        looked += add(out, v, labels);
        if (in != null) {
          looked += add(in, v, labels);
        }
        int label = histogram.isEmpty() ? labels[v] : histogram.mostFrequent();
        same &= label == labels[v];
        next[v] = label;
      }
      if (!same) {
        changed.set(true);
      }
      return looked;
    }

    private long add(RowCursor cursor, int vertex, int[] labels) {
      long looked = 0;
      cursor.seek(vertex);
      do {
        int[] ids = cursor.ids();
        for (int i = cursor.from(); i < cursor.to(); i++) {
          histogram.add(labels[ids[i]]);
        }
        looked += cursor.to() - cursor.from();
      } while (cursor.next());
      return looked;
    }
  }

  /** How often labels are there; a hash table that knows its most frequent entry. */
  private static final class Histogram {
    private static final int FIRST_CAPACITY = 64;
    private static final int MULTIPLIER = 0x9E3779B9;

    private int[] labels = new int[FIRST_CAPACITY];
    private int[] counts = new int[FIRST_CAPACITY];
    private int[] used = new int[FIRST_CAPACITY / 2];
    private int size;
    private int most;
    private int winner;

    void clear() {
      for (int i = 0; i < size; i++) {
        counts[used[i]] = 0;
      }
      size = 0;
      most = 0;
    }

    boolean isEmpty() {
      return size == 0;
    }

    int mostFrequent() {
      return winner;
    }

    void add(int label) {
      int slot = slotOf(label);
      int count = ++counts[slot];
      if (count > most || count == most && label < winner) {
        most = count;
        winner = label;
      }
      if (count == 1) {
        labels[slot] = label;
        used[size++] = slot;
        if (size == used.length) {
          grow();
        }
      }
    }

    private int slotOf(int label) {
      int mask = labels.length - 1;
      int slot = label * MULTIPLIER >>> Integer.numberOfLeadingZeros(mask);
      while (counts[slot] != 0 && labels[slot] != label) {
        slot = slot + 1 & mask;
      }
      return slot;
    }

    private void grow() {
      int[] oldLabels = labels;
      int[] oldCounts = counts;
      int capacity = IntList.capacityAfter(labels.length);
      labels = new int[capacity];
      counts = new int[capacity];
      used = Arrays.copyOf(used, capacity / 2);
      for (int i = 0; i < size; i++) {
        int slot = slotOf(oldLabels[used[i]]);
        labels[slot] = oldLabels[used[i]];
        counts[slot] = oldCounts[used[i]];
        used[i] = slot;
      }
    }
  }
}
