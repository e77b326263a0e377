package io.kvbm.graph.csr.algorithm;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.graph.csr.adjacency.Adjacency;
import io.kvbm.graph.csr.adjacency.RowCursor;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One search by delta-stepping. Distances are unsigned while it runs: with an edge's weight added
 * to a distance that fits an int the sum is still exact, and is not followed further if it does not
 * fit; what never was reached is the largest of all. So one look at the end finds every distance
 * that is too long.
 */
final class DeltaStepping {

  private static final int WINDOW = 1 << 10;
  private static final int FEW = 8;
  private static final int GRAIN = 64;
  private static final int FUSED_BELOW = 1000;
  private static final VarHandle INTS = MethodHandles.arrayElementVarHandle(int[].class);

  private final Adjacency rows;
  private final int shift;
  private final Team team;
  private final boolean alone;
  private final int[] distances;
  private final Share[] shares;
  private final AtomicLong next = new AtomicLong();
  private IntList frontier = new IntList();
  private int current;
  private int windowStart;

  DeltaStepping(Adjacency rows, int bucketWidth, Team team) {
    this.rows = rows;
    this.team = team;
    alone = team.isAlone();
    shift = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(bucketWidth);
    distances = new int[rows.vertexCount()];
    shares = new Share[team.threads()];
    for (int i = 0; i < shares.length; i++) {
      shares[i] = new Share();
    }
  }

  int[] run(int source) {
    Arrays.fill(distances, ShortestDistances.UNREACHED);
    distances[source] = 0;
    frontier.add(source);
    do {
      next.set(0);
      team.run(shares.length, 1, (from, to, _) -> work(from, to));
    } while (advance() || slide());
    for (int v = 0; v < distances.length; v++) {
      if (distances[v] < ShortestDistances.UNREACHED) {
        long distance = Integer.toUnsignedLong(distances[v]);
        throw new CapacityException(
            ErrorCode.UNSUPPORTED,
            "vertex %d is %d away from vertex %d, and distances are at most %d"
                .formatted(v, distance, source, Integer.MAX_VALUE),
            distance,
            Integer.MAX_VALUE);
      }
    }
    return distances;
  }

  private long work(int from, int to) {
    long looked = 0;
    for (int i = from; i < to; i++) {
      looked += shares[i].work();
    }
    return looked;
  }

  /** Goes to the next bucket of the window; {@return whether there is one that is not empty} */
  private boolean advance() {
    frontier.size = 0;
    for (; current - windowStart < WINDOW; current++) {
      int bucket = current - windowStart;
      for (Share share : shares) {
        if (bucket >= share.buckets.length) {
          continue;
        }
        IntList vertices = share.buckets[bucket];
        if (alone) {
          share.buckets[bucket] = frontier;
          frontier = vertices;
        } else {
          frontier.addAll(vertices);
          vertices.size = 0;
        }
      }
      if (frontier.size > 0) {
        return true;
      }
    }
    return false;
  }

  /** Begins a window where the nearest of the vertices behind this one is. */
  private boolean slide() {
    long end = (long) windowStart + WINDOW;
    long nearest = Long.MAX_VALUE;
    for (Share share : shares) {
      nearest = Math.min(nearest, share.nearestFar(end));
    }
    if (nearest == Long.MAX_VALUE) {
      return false;
    }
    windowStart = (int) nearest;
    current = windowStart;
    for (Share share : shares) {
      share.sort();
    }
    return advance();
  }

  /** The buckets that one task of a phase fills. */
  private final class Share {

    private final RowCursor cursor = rows.cursor();
    private IntList[] buckets = {};
    private IntList far = new IntList();
    private IntList spare = new IntList();

    private long work() {
      int count = frontier.size;
      int[] vertices = frontier.values;
      for (long from = next.getAndAdd(GRAIN); from < count; from = next.getAndAdd(GRAIN)) {
        int to = (int) Math.min(count, from + GRAIN);
        long looked = 0;
        for (int i = (int) from; i < to; i++) {
          looked += relax(vertices[i]);
        }
        team.check(looked);
      }
      int bucket = current - windowStart;
      while (bucket < buckets.length
          && buckets[bucket].size > 0
          && buckets[bucket].size < FUSED_BELOW) {
        IntList again = buckets[bucket];
        buckets[bucket] = spare;
        spare = again;
        long looked = 0;
        for (int i = 0; i < again.size; i++) {
          looked += relax(again.values[i]);
        }
        again.size = 0;
        team.check(looked);
      }
      return 0;
    }

    private long relax(int from) {
      int distance = (int) INTS.getOpaque(distances, from);
      if (distance >>> shift < current) {
        return 0; // it was nearer, and its edges were followed then
      }
      int[] known = distances;
      boolean single = alone;
      long looked = 0;
      cursor.seek(from);
      do {
        int[] ids = cursor.ids();
        int[] weights = cursor.weights();
        int end = cursor.to();
        looked += end - cursor.from();
        for (int i = cursor.from(); i < end; i++) {
          int to = ids[i];
          int weight = weights[i];
          if (weight < 0) {
            throw new CallerException(
                ErrorCode.INVALID_ARGUMENT,
                "edge %d -> %d has weight %d, and distances need weights from 0 up"
                    .formatted(from, to, weight));
          }
          int sum = distance + weight;
          if (Integer.compareUnsigned(sum, known[to]) < 0) {
            if (single) {
              known[to] = sum;
              put(to, sum);
            } else if (lower(known, to, sum)) {
              put(to, sum);
            }
          }
        }
      } while (cursor.next());
      return looked;
    }

    private static boolean lower(int[] known, int to, int sum) {
      int old = (int) INTS.getOpaque(known, to);
      while (Integer.compareUnsigned(sum, old) < 0) {
        if (INTS.compareAndSet(known, to, old, sum)) {
          return true;
        }
        old = (int) INTS.getOpaque(known, to);
      }
      return false;
    }

    private void put(int vertex, int distance) {
      if (distance < 0) {
        return; // too far
      }
      int bucket = (distance >>> shift) - windowStart;
      if (bucket < WINDOW) {
        if (bucket >= buckets.length) {
          grow(bucket);
        }
        buckets[bucket].add(vertex);
      } else {
        far.add(vertex);
      }
    }

    private void grow(int bucket) {
      int count = buckets.length;
      buckets = Arrays.copyOf(buckets, Math.min(WINDOW, Math.max(2 * count, bucket + FEW)));
      for (int i = count; i < buckets.length; i++) {
        buckets[i] = new IntList();
      }
    }

    /** {@return the first bucket of those left behind the window's end} */
    private long nearestFar(long windowEnd) {
      long nearest = Long.MAX_VALUE;
      int kept = 0;
      for (int i = 0; i < far.size; i++) {
        int vertex = far.values[i];
        int bucket = distances[vertex] >>> shift;
        if (bucket >= windowEnd) { // else it came nearer, and was put into the window then
          far.values[kept++] = vertex;
          nearest = Math.min(nearest, bucket);
        }
      }
      far.size = kept;
      return nearest;
    }

    /** Puts those behind the last window into the buckets of this. */
    private void sort() {
      IntList all = far;
      far = spare;
      spare = all;
      for (int i = 0; i < all.size; i++) {
        put(all.values[i], distances[all.values[i]]);
      }
      all.size = 0;
    }
  }
}
