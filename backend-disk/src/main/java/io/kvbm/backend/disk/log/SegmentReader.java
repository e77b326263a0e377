package io.kvbm.backend.disk.log;

import io.kvbm.api.disk.DiskFile;
import io.kvbm.backend.disk.io.IoCallback;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.backend.disk.io.IoRequest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Reads a segment from front to back through memory of its own. For one thread. */
final class SegmentReader implements AutoCloseable {

  private static final long WINDOW = 256 << 10;
  private static final IoCallback NOBODY = (_, _) -> {};

  private final IoEngine engine;
  private final DiskFile file;
  private final long byteSize;
  private Arena arena;
  private MemorySegment window;
  private long start;
  private long filled;

  /**
   * @param byteSize how much of the file may be read, a multiple of a page
   */
  SegmentReader(IoEngine engine, DiskFile file, long byteSize) {
    this.engine = engine;
    this.file = file;
    this.byteSize = byteSize;
    this.arena = engine.newArena();
    this.window =
        arena.allocate(
            Math.max(SegmentHeader.PAGE, Math.min(WINDOW, byteSize)), SegmentHeader.PAGE);
  }

  long byteSize() {
    return byteSize;
  }

  /** {@return bytes of the file, valid until the next call} The range must lie in the file. */
  MemorySegment bytes(long position, long length) {
    if (position < start || position + length > start + filled) {
      fill(position, length);
    }
    return window.asSlice(position - start, length);
  }

  private void fill(long position, long length) {
    long from = position & -SegmentHeader.PAGE;
    long wanted = Group.pages(position + length) - from;
    if (wanted > window.byteSize()) {
      arena.close();
      arena = engine.newArena();
      window = arena.allocate(wanted, SegmentHeader.PAGE);
    }
    filled = 0;
    long count = Math.min(window.byteSize(), byteSize - from);
    engine.run(List.of(IoRequest.read(file, from, window.asSlice(0, count), NOBODY)));
    start = from;
    filled = count;
  }

  /** Forgets what was read, so that it is read again. */
  void forget() {
    filled = 0;
  }

  @Override
  public void close() {
    arena.close();
  }
}
