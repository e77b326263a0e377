package io.kvbm.graph.csr.adjacency;

import io.kvbm.api.Stability;
import org.jspecify.annotations.Nullable;

/**
 * Goes through rows without allocating. A row comes in one or more parts:
 *
 * <pre>{@code
 * cursor.seek(vertex);
 * do {
 *   int[] ids = cursor.ids();
 *   for (int i = cursor.from(); i < cursor.to(); i++) {
 *     visit(ids[i], cursor.position() + i - cursor.from());
 *   }
 * } while (cursor.next());
 * }</pre>
 *
 * <p>Rows on the heap are read where they are; others are copied or decoded part by part, so that a
 * loop which leaves a long row early has paid for its first part only. For one thread.
 */
@Stability(Stability.Level.PREVIEW)
public final class RowCursor {

  /** Makes the parts of rows that are not on the heap. */
  interface Rows {
    /** Goes to the first part of a row. */
    void seek(RowCursor cursor, int vertex);

    /** Goes to the next part; {@return whether there is one} */
    boolean next(RowCursor cursor);
  }

  private static final int[] NONE = {};

  private final int @Nullable [] offsets;
  private final @Nullable Rows rows;

  int[] ids;
  int[] weights;
  int from;
  int to;
  long position;

  /** A cursor over rows in an array. */
  RowCursor(int[] offsets, int[] ids, int @Nullable [] weights) {
    this.offsets = offsets;
    this.rows = null;
    this.ids = ids;
    this.weights = weights == null ? NONE : weights;
  }

  /** A cursor over rows elsewhere. */
  RowCursor(Rows rows) {
    this.offsets = null;
    this.rows = rows;
    this.ids = NONE;
    this.weights = NONE;
  }

  /**
   * Goes to a row.
   *
   * @param vertex whose row
   */
  public void seek(int vertex) {
    int[] starts = offsets;
    if (starts != null) {
      from = starts[vertex];
      to = starts[vertex + 1];
      position = from;
    } else if (rows != null) {
      rows.seek(this, vertex);
    }
  }

  /** {@return whether there was another part, to which this went} */
  public boolean next() {
    return rows != null && rows.next(this);
  }

  /** {@return the array that has the part's ids; not to be changed} */
  public int[] ids() {
    return ids;
  }

  /** {@return the array that has the part's weights where its ids are; empty without weights} */
  public int[] weights() {
    return weights;
  }

  /** {@return the index of the part's first entry in the arrays} */
  public int from() {
    return from;
  }

  /** {@return the index behind the part's last entry} */
  public int to() {
    return to;
  }

  /** {@return the place of the part's first entry, counted from the start of the first row} */
  public long position() {
    return position;
  }
}
