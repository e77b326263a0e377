package io.kvbm.backend.disk.object;

import io.kvbm.api.store.PutOptions;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * One change that waits to be written.
 *
 * @param header what stands in the log before the bytes; the version is still open
 * @param body the bytes as they are stored; null where there are none in the log
 * @param condition what must hold
 * @param expectedVersion for the condition
 * @param movedFrom where compaction took it from, or null
 */
record Operation(
    EntryHeader header,
    @Nullable MemorySegment body,
    PutOptions.Condition condition,
    long expectedVersion,
    @Nullable Location movedFrom) {

  static Operation delete(String key) {
    EntryHeader header =
        new EntryHeader(
            EntryHeader.DELETE, key, 0, 0, 0, EntryHeader.NEVER, (byte) 0, 0, 0, false, new int[0]);
    return new Operation(header, null, PutOptions.Condition.ALWAYS, 0, null);
  }

  /** {@return a delete that only counts while the key's value is this one} */
  static Operation expire(String key, Location at) {
    Operation delete = delete(key);
    return new Operation(delete.header, null, PutOptions.Condition.ALWAYS, 0, at);
  }

  boolean isDelete() {
    return header.kind() == EntryHeader.DELETE;
  }
}
