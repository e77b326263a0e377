package io.kvbm.graph.csr.algorithm;

import io.kvbm.graph.csr.adjacency.CsrGraph;
import io.kvbm.graph.csr.adjacency.HeapAdjacency;
import io.kvbm.graph.csr.adjacency.NativeAdjacency;
import io.kvbm.graph.csr.adjacency.RawMemory;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Searches of one graph, one after the other, in memory that is kept. Until a vertex is reached its
 * mark is its degree with a minus (at most -1), so that the edges that a new frontier has are known
 * without another look at it.
 */
final class BreadthFirstSearch {

  private static final int ALPHA = 15;
  private static final int BETA = 18;
  private static final int WORD = Long.SIZE;
  private static final int WORD_SHIFT = 6;
  private static final int MARKS_GRAIN = 1 << 14;
  private static final int QUEUE_GRAIN = 64;
  private static final int WORDS_GRAIN = 16;
  private static final int LONGEST_BUFFER = 4096;
  private static final VarHandle INTS = MethodHandles.arrayElementVarHandle(int[].class);

  private final CsrGraph graph;
  private final Team team;
  private final int vertexCount;
  private final boolean alone;
  private final int[] queue;
  private final int[][] buffers;
  private final AtomicInteger tail = new AtomicInteger();
  private final AtomicInteger awake = new AtomicInteger();
  private final AtomicLong scouted = new AtomicLong();
  private long[] front;
  private long[] next;
  private int[] marks = {};
  private boolean byParent;
  private int level;
  private int begin;
  private int end;

  BreadthFirstSearch(CsrGraph graph, Team team) {
    this.graph = graph;
    this.team = team;
    vertexCount = graph.vertexCount();
    alone = team.isAlone();
    queue = new int[vertexCount];
    buffers = new int[team.threads()][];
    for (int i = 0; i < buffers.length; i++) {
      buffers[i] = alone ? queue : new int[Math.min(vertexCount, LONGEST_BUFFER)];
    }
    front = new long[(vertexCount + WORD - 1) >>> WORD_SHIFT];
    next = new long[front.length];
  }

  /**
   * Searches.
   *
   * @param wanted the vertex before, or the distance
   * @param result of each vertex; what it had does not matter
   */
  void run(int source, boolean wanted, int[] result) {
    marks = result;
    byParent = wanted;
    team.run(vertexCount, MARKS_GRAIN, (from, to, _) -> markUnreached(from, to));
    marks[source] = byParent ? source : 0;
    queue[0] = source;
    begin = 0;
    end = 1;
    level = 1;
    long left = graph.out().entryCount();
    long scout = graph.out().degree(source);
    while (begin < end) {
      if (scout > left / ALPHA) {
        upward();
        scout = 1;
      } else {
        left -= scout;
        scout = downward();
      }
    }
    team.run(vertexCount, MARKS_GRAIN, (from, to, _) -> finish(from, to));
  }

  private long markUnreached(int from, int to) {
    if (graph.out() instanceof HeapAdjacency rows) {
      int[] offsets = rows.offsets();
      for (int v = from; v < to; v++) {
        marks[v] = Math.min(-1, offsets[v] - offsets[v + 1]);
      }
    } else {
      for (int v = from; v < to; v++) {
        marks[v] = Math.min(-1, -graph.out().degree(v));
      }
    }
    return 0;
  }

  private long finish(int from, int to) {
    int[] result = marks;
    for (int v = from; v < to; v++) {
      result[v] = Math.max(result[v], BreadthFirst.UNREACHED);
    }
    return 0;
  }

  /** From the frontier out; {@return how many edges the next frontier has} */
  private long downward() {
    scouted.set(0);
    tail.set(end);
    int first = begin;
    team.run(
        end - begin,
        QUEUE_GRAIN,
        (from, to, worker) ->
            switch (graph.out()) {
              case HeapAdjacency rows -> downward(rows, first + from, first + to, worker);
              case NativeAdjacency rows -> downward(rows, first + from, first + to, worker);
            });
    begin = end;
    end = tail.get();
    level++;
    return scouted.get();
  }

  private long downward(HeapAdjacency rows, int from, int to, int worker) {
    int[] offsets = rows.offsets();
    int[] ids = rows.ids();
    int[] known = marks;
    int[] buffer = buffers[worker];
    int at = alone ? tail.get() : 0;
    long scout = 0;
    long looked = 0;
    for (int q = from; q < to; q++) {
      int u = queue[q];
      int mark = byParent ? u : level;
      int rowEnd = offsets[u + 1];
      looked += rowEnd - offsets[u];
      for (int i = offsets[u]; i < rowEnd; i++) {
        int v = ids[i];
        int degree = known[v];
        if (degree < 0 && reach(known, v, degree, mark)) {
          if (at == buffer.length) {
            at = flush(buffer, at);
          }
          buffer[at++] = v;
          scout -= degree;
        }
      }
    }
    leave(buffer, at, scout);
    return looked;
  }

  private long downward(NativeAdjacency rows, int from, int to, int worker) {
    int[] known = marks;
    int[] buffer = buffers[worker];
    int at = alone ? tail.get() : 0;
    long scout = 0;
    long looked = 0;
    for (int q = from; q < to; q++) {
      int u = queue[q];
      int mark = byParent ? u : level;
      int count = rows.degree(u);
      looked += count;
      long address = rows.rowAddress(u);
      for (long last = address + (long) count * Integer.BYTES;
          address < last;
          address += Integer.BYTES) {
        int v = RawMemory.getInt(address);
        int degree = known[v];
        if (degree < 0 && reach(known, v, degree, mark)) {
          if (at == buffer.length) {
            at = flush(buffer, at);
          }
          buffer[at++] = v;
          scout -= degree;
        }
      }
    }
    leave(buffer, at, scout);
    return looked;
  }

  private boolean reach(int[] known, int vertex, int degree, int mark) {
    if (alone) {
      known[vertex] = mark;
      return true;
    }
    return INTS.compareAndSet(known, vertex, degree, mark);
  }

  private int flush(int[] buffer, int count) {
    System.arraycopy(buffer, 0, queue, tail.getAndAdd(count), count);
    return 0;
  }

  private void leave(int[] buffer, int at, long scout) {
    if (alone) {
      tail.set(at);
    } else if (at > 0) {
      flush(buffer, at);
    }
    scouted.addAndGet(scout);
  }

  /** From the vertices not reached in, level by level until the frontier is small again. */
  private void upward() {
    Arrays.fill(front, 0);
    for (int q = begin; q < end; q++) {
      int v = queue[q];
      front[v >>> WORD_SHIFT] |= 1L << v;
    }
    int size = end - begin;
    int before;
    do {
      before = size;
      awake.set(0);
      team.run(
          front.length,
          WORDS_GRAIN,
          (from, to, _) ->
              switch (graph.in()) {
                case HeapAdjacency rows -> upward(rows, from, to);
                case NativeAdjacency rows -> upward(rows, from, to);
              });
      size = awake.get();
      long[] reached = next;
      next = front;
      front = reached;
      level++;
    } while (size >= before || size > vertexCount / BETA);
    toQueue();
  }

  private void toQueue() {
    begin = 0;
    end = 0;
    for (int w = 0; w < front.length; w++) {
      for (long bits = front[w]; bits != 0; bits &= bits - 1) {
        queue[end++] = (w << WORD_SHIFT) + Long.numberOfTrailingZeros(bits);
      }
    }
  }

  private int wordEnd(int first) {
    return vertexCount - first < WORD ? vertexCount : first + WORD;
  }

  private long upward(HeapAdjacency rows, int fromWord, int toWord) {
    int[] offsets = rows.offsets();
    int[] ids = rows.ids();
    int[] known = marks;
    long[] frontier = front;
    int found = 0;
    long looked = 0;
    for (int w = fromWord; w < toWord; w++) {
      int first = w << WORD_SHIFT;
      int last = wordEnd(first);
      long reached = 0;
      for (int u = first; u < last; u++) {
        if (known[u] < 0) {
          int i = offsets[u];
          looked -= i;
          for (int rowEnd = offsets[u + 1]; i < rowEnd; i++) {
            int v = ids[i];
            if ((frontier[v >>> WORD_SHIFT] & 1L << v) != 0) {
              known[u] = byParent ? v : level;
              reached |= 1L << u;
              break;
            }
          }
          looked += i;
        }
      }
      next[w] = reached;
      found += Long.bitCount(reached);
    }
    awake.addAndGet(found);
    return looked + found;
  }

  private long upward(NativeAdjacency rows, int fromWord, int toWord) {
    int[] known = marks;
    long[] frontier = front;
    int found = 0;
    long looked = 0;
    for (int w = fromWord; w < toWord; w++) {
      int first = w << WORD_SHIFT;
      int last = wordEnd(first);
      long reached = 0;
      for (int u = first; u < last; u++) {
        if (known[u] < 0) {
          long address = rows.rowAddress(u);
          long rowEnd = address + (long) rows.degree(u) * Integer.BYTES;
          looked -= address;
          for (; address < rowEnd; address += Integer.BYTES) {
            int v = RawMemory.getInt(address);
            if ((frontier[v >>> WORD_SHIFT] & 1L << v) != 0) {
              known[u] = byParent ? v : level;
              reached |= 1L << u;
              break;
            }
          }
          looked += address;
        }
      }
      next[w] = reached;
      found += Long.bitCount(reached);
    }
    awake.addAndGet(found);
    return looked / Integer.BYTES + found;
  }
}
