package io.kvbm.backend.system;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.ObjectWriter;
import io.kvbm.api.store.PutOptions;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Collects an object in memory that doubles when it is full; pages that are never written take no
 * memory.
 */
final class MemoryObjectWriter implements ObjectWriter {

  /** What a mapped object promises, in bytes. */
  static final long ALIGNMENT = 64;

  private static final long FIRST_CAPACITY = 64 << 10;

  private final MemoryObjectStore store;
  private final String key;
  private final PutOptions options;
  private final StoreMemory memory;
  private @Nullable SharedBlock block;
  private long position;
  private boolean ended;

  MemoryObjectWriter(MemoryObjectStore store, String key, PutOptions options, StoreMemory memory) {
    this.store = store;
    this.key = key;
    this.options = options;
    this.memory = memory;
  }

  @Override
  public void write(MemorySegment bytes) {
    requireOpen();
    if (bytes.byteSize() == 0) {
      return;
    }
    SharedBlock target = withRoomFor(position + bytes.byteSize());
    MemorySegment.copy(bytes, 0, target.segment(), position, bytes.byteSize());
    position += bytes.byteSize();
  }

  private SharedBlock withRoomFor(long byteSize) {
    SharedBlock current = block;
    if (current != null && current.segment().byteSize() >= byteSize) {
      return current;
    }
    long doubled = current == null ? FIRST_CAPACITY : 2 * current.segment().byteSize();
    SharedBlock larger = new SharedBlock(memory.reserve(Math.max(doubled, byteSize), ALIGNMENT));
    if (current != null) {
      MemorySegment.copy(current.segment(), 0, larger.segment(), 0, position);
      current.release();
    }
    block = larger;
    return larger;
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public ObjectStat commit() {
    requireOpen();
    ObjectStat stat = store.publish(new ObjectTable.Change(key, block, position, options));
    ended = true;
    block = null;
    return stat;
  }

  @Override
  public void close() {
    ended = true;
    if (block != null) {
      block.release();
      block = null;
    }
  }

  private void requireOpen() {
    if (ended) {
      throw new CallerException(
          ErrorCode.CLOSED, "writer of object '" + key + "' has ended; start another one");
    }
  }
}
