package io.kvbm.graph.csr.exchange;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.graph.csr.adjacency.Adjacency;
import io.kvbm.graph.csr.adjacency.CsrGraph;
import io.kvbm.graph.csr.adjacency.HeapAdjacency;
import io.kvbm.graph.csr.adjacency.RowCursor;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/**
 * The serialized graphs of the GAP Benchmark Suite, {@code .sg} without and {@code .wsg} with
 * weights: one byte for whether the graph is directed, the number of entries and of vertices, then
 * offsets of 64 bits and ids of 32, each id followed by its weight; of a directed graph the rows of
 * edges that come in follow in the same way. Little endian. Nothing in it is checked by a sum.
 */
@Stability(Stability.Level.PREVIEW)
public final class SerializedGraph {

  private static final int BUFFER = 1 << 20;
  private static final int HEADER = 1 + 2 * Long.BYTES;

  private SerializedGraph() {}

  /**
   * {@return bytes that a graph takes}
   *
   * @param graph any graph
   */
  public static long byteSize(CsrGraph graph) {
    int directions = graph.isUndirected() ? 1 : 2;
    return byteSize(
        directions, graph.vertexCount(), graph.out().entryCount(), graph.out().isWeighted());
  }

  private static long byteSize(int directions, long vertices, long entries, boolean weighted) {
    long width = weighted ? 2L * Integer.BYTES : Integer.BYTES;
    return HEADER + directions * ((vertices + 1) * Long.BYTES + entries * width);
  }

  /**
   * Writes a graph: {@code .wsg} where it has weights, else {@code .sg}.
   *
   * @param graph any graph
   * @param target takes it; not closed
   * @throws IOException if the target fails
   */
  public static void write(CsrGraph graph, WritableByteChannel target) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
    buffer.put((byte) (graph.isUndirected() ? 0 : 1));
    buffer.putLong(graph.out().entryCount()).putLong(graph.vertexCount());
    write(graph.out(), buffer, target);
    if (!graph.isUndirected()) {
      write(graph.in(), buffer, target);
    }
    empty(buffer, target);
  }

  private static void write(Adjacency rows, ByteBuffer buffer, WritableByteChannel target)
      throws IOException {
    for (int v = 0; v <= rows.vertexCount(); v++) {
      if (buffer.remaining() < Long.BYTES) {
        empty(buffer, target);
      }
      buffer.putLong(rows.rowStart(v));
    }
    RowCursor cursor = rows.cursor();
    boolean weighted = rows.isWeighted();
    for (int v = 0; v < rows.vertexCount(); v++) {
      cursor.seek(v);
      do {
        for (int i = cursor.from(); i < cursor.to(); i++) {
          if (buffer.remaining() < 2 * Integer.BYTES) {
            empty(buffer, target);
          }
          buffer.putInt(cursor.ids()[i]);
          if (weighted) {
            buffer.putInt(cursor.weights()[i]);
          }
        }
      } while (cursor.next());
    }
  }

  private static void empty(ByteBuffer buffer, WritableByteChannel target) throws IOException {
    buffer.flip();
    while (buffer.hasRemaining()) {
      target.write(buffer);
    }
    buffer.clear();
  }

  /**
   * {@return the graph that was written, on the heap}
   *
   * @param source has it; not closed
   * @param byteSize bytes the source has
   * @param weighted whether it is a {@code .wsg}
   * @throws CorruptionException if the bytes are no such graph
   * @throws CapacityException if a row's array cannot have as many entries
   * @throws IOException if the source fails
   */
  public static CsrGraph read(ReadableByteChannel source, long byteSize, boolean weighted)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER).order(ByteOrder.LITTLE_ENDIAN).flip();
    need(buffer, source, HEADER);
    byte directed = buffer.get();
    long entries = buffer.getLong();
    long vertices = buffer.getLong();
    if (directed < 0 || directed > 1 || entries < 0 || vertices < 0) {
      throw damaged("its header has no sense");
    }
    if (vertices >= Integer.MAX_VALUE || entries > HeapAdjacency.MOST_ENTRIES) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "%d vertices with %d entries do not fit arrays of the heap".formatted(vertices, entries),
          Math.max(vertices, entries),
          HeapAdjacency.MOST_ENTRIES);
    }
    long expected = byteSize(1 + directed, vertices, entries, weighted);
    if (byteSize != expected) {
      throw damaged(
          "%d vertices with %d entries%s take %d bytes, not %d"
              .formatted(vertices, entries, weighted ? " and weights" : "", expected, byteSize));
    }
    HeapAdjacency out = rows(buffer, source, (int) vertices, (int) entries, weighted);
    return directed == 0
        ? CsrGraph.undirected(out)
        : new CsrGraph(out, rows(buffer, source, (int) vertices, (int) entries, weighted));
  }

  private static HeapAdjacency rows(
      ByteBuffer buffer, ReadableByteChannel source, int vertices, int entries, boolean weighted)
      throws IOException {
    int[] offsets = new int[vertices + 1];
    for (int v = 0; v <= vertices; v++) {
      need(buffer, source, Long.BYTES);
      long offset = buffer.getLong();
      if (offset < 0 || offset > entries) {
        throw damaged("the row of vertex %d starts at %d of %d".formatted(v, offset, entries));
      }
      offsets[v] = (int) offset;
    }
    int[] ids = new int[entries];
    int[] weights = weighted ? new int[entries] : null;
    for (int i = 0; i < entries; i++) {
      need(buffer, source, weights == null ? Integer.BYTES : 2 * Integer.BYTES);
      ids[i] = buffer.getInt();
      if (weights != null) {
        weights[i] = buffer.getInt();
      }
    }
    try {
      return HeapAdjacency.takeOwnershipOf(offsets, ids, weights);
    } catch (CallerException e) {
      throw damaged(String.valueOf(e.getMessage()));
    }
  }

  private static void need(ByteBuffer buffer, ReadableByteChannel source, int count)
      throws IOException {
    if (buffer.remaining() >= count) {
      return;
    }
    buffer.compact();
    while (buffer.position() < count) {
      if (source.read(buffer) < 0) {
        throw new EOFException("the serialized graph ends early");
      }
    }
    buffer.flip();
  }

  private static CorruptionException damaged(String what) {
    return new CorruptionException(ErrorCode.CORRUPT, "this is no serialized graph: " + what);
  }
}
