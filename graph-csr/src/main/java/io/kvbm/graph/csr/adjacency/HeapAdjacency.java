package io.kvbm.graph.csr.adjacency;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Rows in arrays of the Java heap: the fastest, up to 2^31 - 9 entries. */
@Stability(Stability.Level.PREVIEW)
public final class HeapAdjacency extends Adjacency {

  /** The most entries: as many as an array has room for. */
  public static final long MOST_ENTRIES = Integer.MAX_VALUE - 8;

  private final int[] offsets;
  private final int[] ids;
  private final int @Nullable [] weights;

  private HeapAdjacency(int[] offsets, int[] ids, int @Nullable [] weights) {
    super(offsets.length - 1, ids.length);
    this.offsets = offsets;
    this.ids = ids;
    this.weights = weights == null || weights.length == 0 ? null : weights;
  }

  /**
   * {@return rows in the arrays given, which belong to it from now on}
   *
   * @param offsets where each row starts, and where the last ends: 0, rising, the number of ids
   * @param ids the rows, each sorted; every id is below the number of vertices
   * @param weights of the entries, or null
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if they are no rows
   */
  public static HeapAdjacency takeOwnershipOf(int[] offsets, int[] ids, int @Nullable [] weights) {
    if (offsets.length == 0
        || offsets[0] != 0
        || offsets[offsets.length - 1] != ids.length
        || weights != null && weights.length != ids.length) {
      throw invalid("offsets must start with 0 and end with the number of ids, and of weights");
    }
    int vertices = offsets.length - 1;
    for (int v = 0; v < vertices; v++) {
      if (offsets[v] > offsets[v + 1]) {
        throw invalid("the row of vertex %d ends before it starts".formatted(v));
      }
      int last = 0;
      for (int i = offsets[v]; i < offsets[v + 1]; i++) {
        if (ids[i] < last || ids[i] >= vertices) {
          throw invalid(
              "the row of vertex %d has %d, which is out of order or not below %d"
                  .formatted(v, ids[i], vertices));
        }
        last = ids[i];
      }
    }
    return new HeapAdjacency(offsets, ids, weights);
  }

  /** Of rows that were built right. */
  static HeapAdjacency ofBuilt(int[] offsets, int[] ids, int @Nullable [] weights) {
    return new HeapAdjacency(offsets, ids, weights);
  }

  /**
   * {@return a copy on the heap}
   *
   * @param other any rows
   * @throws CapacityException if there are more entries than an array has room for
   */
  public static HeapAdjacency copyOf(Adjacency other) {
    if (other.entryCount() > MOST_ENTRIES) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "%d entries do not fit an array of the heap; read them off-heap or mapped"
              .formatted(other.entryCount()),
          other.entryCount(),
          MOST_ENTRIES);
    }
    int[] offsets = new int[other.vertexCount() + 1];
    int[] ids = new int[(int) other.entryCount()];
    int[] weights = other.isWeighted() ? new int[ids.length] : null;
    RowCursor cursor = other.cursor();
    int at = 0;
    for (int v = 0; v < other.vertexCount(); v++) {
      cursor.seek(v);
      do {
        int count = cursor.to() - cursor.from();
        System.arraycopy(cursor.ids(), cursor.from(), ids, at, count);
        if (weights != null) {
          System.arraycopy(cursor.weights(), cursor.from(), weights, at, count);
        }
        at += count;
      } while (cursor.next());
      offsets[v + 1] = at;
    }
    return new HeapAdjacency(offsets, ids, weights);
  }

  private static CallerException invalid(String what) {
    return new CallerException(ErrorCode.INVALID_ARGUMENT, what);
  }

  @Override
  public int degree(int vertex) {
    return offsets[vertex + 1] - offsets[vertex];
  }

  @Override
  public long rowStart(int vertex) {
    return offsets[vertex];
  }

  @Override
  public boolean isWeighted() {
    return weights != null;
  }

  @Override
  public RowCursor cursor() {
    return new RowCursor(offsets, ids, weights);
  }

  @Override
  public boolean contains(int from, int to) {
    return Arrays.binarySearch(ids, offsets[from], offsets[from + 1], to) >= 0;
  }

  @Override
  public long byteSize() {
    long entries = ids.length + (weights == null ? 0L : weights.length);
    return (entries + offsets.length) * Integer.BYTES;
  }

  /** {@return where the rows start; not to be changed} */
  public int[] offsets() {
    return offsets;
  }

  /** {@return the rows, one behind the other; not to be changed} */
  public int[] ids() {
    return ids;
  }

  /** {@return the weights where the ids are, or null; not to be changed} */
  public int @Nullable [] weights() {
    return weights;
  }
}
