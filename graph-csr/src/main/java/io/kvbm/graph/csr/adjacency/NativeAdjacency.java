package io.kvbm.graph.csr.adjacency;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Rows outside the Java heap, in segments that each have a range of vertices: copied there, or a
 * file that is mapped. Reading does not check bounds: what made the rows has verified them, and
 * keeps their memory alive for as long as anything reads.
 */
@Stability(Stability.Level.PREVIEW)
public final class NativeAdjacency extends Adjacency {

  /** Vertices of a segment are 2 to this power, as long as nothing else is asked for. */
  public static final int DEFAULT_SHIFT = 18;

  private static final int FIRST_PART = 16;
  private static final int LONGEST_PART = 1024;
  private static final long MOST_IN_SEGMENT = 1L << 32;

  private final int shift;
  private final int mask;
  private final List<RowSegment> segments;
  private final long[] offsets;
  private final long[] ids;
  private final long[] weights;
  private final long[] starts;
  private final boolean weighted;

  private NativeAdjacency(int vertexCount, long entryCount, int shift, List<RowSegment> segments) {
    super(vertexCount, entryCount);
    this.shift = shift;
    this.mask = (1 << shift) - 1;
    this.segments = List.copyOf(segments);
    int count = segments.size();
    offsets = new long[count];
    ids = new long[count];
    weights = new long[count];
    starts = new long[count + 1];
    for (int i = 0; i < count; i++) {
      RowSegment segment = segments.get(i);
      offsets[i] = segment.offsets().address();
      ids[i] = segment.ids().address();
      weights[i] = segment.weights().address();
      starts[i + 1] = starts[i] + segment.ids().byteSize() / Integer.BYTES;
    }
    weighted = entryCount > 0 && segments.stream().anyMatch(s -> s.weights().byteSize() > 0);
  }

  /**
   * {@return rows in the segments given; their memory must outlive every use}
   *
   * @param vertexCount vertices of all segments
   * @param shift each segment but the last has 2 to this power vertices
   * @param segments in the order of their vertices, verified: offsets that start with 0 and rise to
   *     the number of ids, ids below the number of vertices
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if the sizes do not fit
   */
  public static NativeAdjacency of(int vertexCount, int shift, List<RowSegment> segments) {
    long entries = 0;
    int left = vertexCount;
    for (RowSegment segment : segments) {
      int vertices = Math.min(left, 1 << shift);
      if (segment.offsets().byteSize() != (vertices + 1L) * Integer.BYTES || vertices == 0) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT,
            "a segment of %d vertices needs %d offsets".formatted(vertices, vertices + 1L));
      }
      entries += segment.ids().byteSize() / Integer.BYTES;
      left -= vertices;
    }
    if (left > 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "%d vertices are in no segment".formatted(left));
    }
    return new NativeAdjacency(vertexCount, entries, shift, segments);
  }

  /**
   * {@return a copy outside the heap}
   *
   * @param other any rows
   * @param arena whose memory it takes
   * @param shift each segment but the last has 2 to this power vertices
   * @throws CapacityException if the rows of a segment are too long for it
   */
  public static NativeAdjacency copyOf(Adjacency other, Arena arena, int shift) {
    List<RowSegment> segments = new ArrayList<>();
    RowCursor cursor = other.cursor();
    for (int first = 0; first < other.vertexCount(); first += 1 << shift) {
      int end = (int) Math.min(other.vertexCount(), first + (1L << shift));
      long count = other.rowStart(end) - other.rowStart(first);
      if (count >= MOST_IN_SEGMENT) {
        throw new CapacityException(
            ErrorCode.ALLOCATION_FAILED,
            "the rows of %d vertices have %d entries; make segments of fewer vertices"
                .formatted(end - first, count),
            count,
            MOST_IN_SEGMENT);
      }
      segments.add(copyRows(other, cursor, first, end, count, arena));
    }
    return of(other.vertexCount(), shift, segments);
  }

  private static RowSegment copyRows(
      Adjacency other, RowCursor cursor, int first, int end, long count, Arena arena) {
    MemorySegment starts = arena.allocate(ValueLayout.JAVA_INT, end - first + 1L);
    MemorySegment targets = arena.allocate(ValueLayout.JAVA_INT, count);
    MemorySegment costs = arena.allocate(ValueLayout.JAVA_INT, other.isWeighted() ? count : 0);
    long at = 0;
    for (int v = first; v < end; v++) {
      cursor.seek(v);
      do {
        int length = cursor.to() - cursor.from();
        copy(cursor.ids(), cursor.from(), targets, at, length);
        if (other.isWeighted()) {
          copy(cursor.weights(), cursor.from(), costs, at, length);
        }
        at += length;
      } while (cursor.next());
      starts.setAtIndex(ValueLayout.JAVA_INT, v - first + 1L, (int) at);
    }
    return new RowSegment(starts, targets, costs);
  }

  private static void copy(int[] from, int index, MemorySegment to, long entry, int count) {
    MemorySegment.copy(from, index, to, ValueLayout.JAVA_INT, entry * Integer.BYTES, count);
  }

  @Override
  public int degree(int vertex) {
    long at = offsets[vertex >>> shift] + (long) (vertex & mask) * Integer.BYTES;
    return RawMemory.getInt(at + Integer.BYTES) - RawMemory.getInt(at);
  }

  @Override
  public long rowStart(int vertex) {
    if (vertex == vertexCount()) {
      return entryCount();
    }
    int segment = vertex >>> shift;
    return starts[segment] + offset(segment, vertex);
  }

  private long offset(int segment, int vertex) {
    return Integer.toUnsignedLong(
        RawMemory.getInt(offsets[segment] + (long) (vertex & mask) * Integer.BYTES));
  }

  /**
   * {@return the address of a row's first id; the others follow it}
   *
   * @param vertex whose row
   */
  public long rowAddress(int vertex) {
    int segment = vertex >>> shift;
    return ids[segment] + offset(segment, vertex) * Integer.BYTES;
  }

  @Override
  public boolean isWeighted() {
    return weighted;
  }

  @Override
  public RowCursor cursor() {
    return new RowCursor(new Copies());
  }

  /** Copies rows part by part into arrays of its own. */
  private final class Copies implements RowCursor.Rows {

    private final int[] someIds = new int[LONGEST_PART];
    private final int[] someWeights = new int[weighted ? LONGEST_PART : 0];
    private long address;
    private long costs;
    private int left;
    private int most;

    @Override
    public void seek(RowCursor cursor, int vertex) {
      int segment = vertex >>> shift;
      long at = offset(segment, vertex);
      address = ids[segment] + at * Integer.BYTES;
      costs = weights[segment] + at * Integer.BYTES;
      left = degree(vertex);
      most = FIRST_PART;
      cursor.ids = someIds;
      cursor.weights = someWeights;
      cursor.position = starts[segment] + at;
      cursor.to = 0;
      part(cursor);
    }

    @Override
    public boolean next(RowCursor cursor) {
      if (left == 0) {
        return false;
      }
      cursor.position += cursor.to;
      most = LONGEST_PART;
      part(cursor);
      return true;
    }

    private void part(RowCursor cursor) {
      int count = Math.min(left, most);
      RawMemory.copy(address, someIds, count);
      if (weighted) {
        RawMemory.copy(costs, someWeights, count);
        costs += (long) count * Integer.BYTES;
      }
      address += (long) count * Integer.BYTES;
      left -= count;
      cursor.from = 0;
      cursor.to = count;
    }
  }

  @Override
  public boolean contains(int from, int to) {
    long row = rowAddress(from);
    int low = 0;
    int high = degree(from) - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int id = RawMemory.getInt(row + (long) middle * Integer.BYTES);
      if (id == to) {
        return true;
      }
      if (id < to) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return false;
  }

  @Override
  public long byteSize() {
    return segments.stream().mapToLong(RowSegment::byteSize).sum();
  }
}
