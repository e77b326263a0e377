package io.kvbm.backend.system;

import io.kvbm.api.store.MappedObject;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/** A value seen in place. Its segment dies when it is closed, even where the value lives on. */
final class MemoryMappedObject implements MappedObject {

  private final Arena arena = Arena.ofShared();
  private final MemorySegment segment;
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * @param held the value, held for this object
   */
  @SuppressWarnings("restricted")
  MemoryMappedObject(ObjectValue held) {
    segment = held.bytes().reinterpret(arena, _ -> held.release()).asReadOnly();
  }

  @Override
  public MemorySegment segment() {
    return segment;
  }

  @Override
  public void close() {
    if (!closed.getAndSet(true)) {
      arena.close();
    }
  }
}
