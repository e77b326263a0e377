package io.kvbm.graph.csr.adjacency;

import io.kvbm.api.Stability;

/**
 * The neighbours of every vertex, in one direction, fixed for good: each row sorted by id, with
 * parallel edges beside each other. Threading: safe from any thread; cursors belong to one.
 */
@Stability(Stability.Level.PREVIEW)
public abstract sealed class Adjacency permits HeapAdjacency, NativeAdjacency {

  private final int vertexCount;
  private final long entryCount;

  Adjacency(int vertexCount, long entryCount) {
    this.vertexCount = vertexCount;
    this.entryCount = entryCount;
  }

  /** {@return how many vertices there are; their ids are below it} */
  public final int vertexCount() {
    return vertexCount;
  }

  /** {@return how many entries all rows have together; an undirected edge has two} */
  public final long entryCount() {
    return entryCount;
  }

  /**
   * {@return how many entries a row has}
   *
   * @param vertex whose row
   */
  public abstract int degree(int vertex);

  /**
   * {@return where a row starts, counted in entries from the first row's start}
   *
   * @param vertex whose row; {@link #vertexCount()} for the end of the last
   */
  public abstract long rowStart(int vertex);

  /** {@return whether every entry has a weight} */
  public abstract boolean isWeighted();

  /** {@return a new cursor; for one thread} */
  public abstract RowCursor cursor();

  /**
   * {@return whether there is an entry, found by binary search}
   *
   * @param from whose row
   * @param to the id that is looked for
   */
  public abstract boolean contains(int from, int to);

  /** {@return bytes that the rows, their offsets and weights take in memory} */
  public abstract long byteSize();
}
