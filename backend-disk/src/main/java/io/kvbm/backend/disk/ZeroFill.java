package io.kvbm.backend.disk;

import io.kvbm.api.disk.DiskFile;
import io.kvbm.backend.disk.file.Pages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Reserves space by writing zeros, for file systems that cannot be asked for it. */
final class ZeroFill {

  /** Large enough for the device to stream, aligned for direct access. */
  private static final long BUFFER_BYTE_SIZE = 16L << 20;

  private ZeroFill() {}

  /**
   * Writes zeros from the end of a file up to a new end. What is inside the file already is left
   * alone, holes included: rewriting it would race with its writers.
   *
   * <p>Under direct access whole pages are written, the last one too, and the surplus is cut off
   * again.
   *
   * @param file what to extend
   * @param byteSize the new length; nothing happens if the file is that long
   */
  static void extend(DiskFile file, long byteSize) {
    long before = file.byteSize();
    if (before >= byteSize) {
      return;
    }
    long page = file.alignment();
    long position = Math.ceilDiv(before, page) * page;
    if (position > before) {
      file.truncate(position);
    }
    long end = Math.ceilDiv(byteSize, page) * page;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment zeros =
          arena.allocate(
              Math.min(BUFFER_BYTE_SIZE, Math.max(page, end - position)), Pages.ALIGNMENT);
      while (position < end) {
        long length = Math.min(zeros.byteSize(), end - position);
        AlignedIo.writePages(file, position, zeros.asSlice(0, length));
        position += length;
      }
    }
    file.truncate(byteSize);
  }
}
