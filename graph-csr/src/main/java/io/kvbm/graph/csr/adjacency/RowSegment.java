package io.kvbm.graph.csr.adjacency;

import io.kvbm.api.Stability;
import java.lang.foreign.MemorySegment;

/**
 * The rows of a range of vertices, in memory outside the heap.
 *
 * @param offsets where each row starts in {@code ids}, and where the last ends; unsigned 32 bits in
 *     this machine's order
 * @param ids the rows, one behind the other; 32 bits each
 * @param weights of the entries, 32 bits each; empty where there are none
 */
@Stability(Stability.Level.PREVIEW)
public record RowSegment(MemorySegment offsets, MemorySegment ids, MemorySegment weights) {

  long byteSize() {
    return offsets.byteSize() + ids.byteSize() + weights.byteSize();
  }
}
