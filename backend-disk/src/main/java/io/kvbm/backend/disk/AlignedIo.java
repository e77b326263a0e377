package io.kvbm.backend.disk;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.backend.disk.file.Pages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Reads and writes any range of a file to and from any memory, also where the file demands
 * alignment.
 *
 * <p>What is aligned already moves straight. The rest goes through a buffer; a page that is written
 * in part is read, changed and written back under its lock, so that two writers of one page never
 * lose each other's bytes. Writes stay inside the file: its length is the same afterwards.
 * Threading: safe from any thread; overlapping writes are the caller's to order.
 */
final class AlignedIo {

  /** The most bytes one write or read asks for. */
  static final long MAX_IO = 4L << 20;

  private final BufferPool buffers;

  AlignedIo(BufferPool buffers) {
    this.buffers = buffers;
  }

  /** {@return one for occasional use; its few buffers are shared and stay for the process} */
  static AlignedIo standalone() {
    return new AlignedIo(StandaloneBuffers.POOL);
  }

  /**
   * Reads exactly {@code target.byteSize()} bytes.
   *
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if the file ends before
   */
  void read(DiskFile file, long position, MemorySegment target) {
    int page = file.alignment();
    long length = target.byteSize();
    if (page == 1) {
      file.readFully(position, target);
      return;
    }
    long straight =
        ((position | target.address()) & (page - 1)) == 0 ? Pages.down(length, page) : 0;
    if (straight > 0) {
      MemorySegment whole = target.asSlice(0, straight);
      requireBytes(file, position, straight, readPages(file, position, whole));
    }
    if (straight < length) {
      readThroughBuffer(file, position + straight, target.asSlice(straight));
    }
  }

  private void readThroughBuffer(DiskFile file, long position, MemorySegment target) {
    int page = file.alignment();
    long done = 0;
    try (BufferPool.Loan loan = buffers.borrow()) {
      while (done < target.byteSize()) {
        long from = position + done;
        long start = Pages.down(from, page);
        long end =
            Math.min(
                Pages.up(position + target.byteSize(), page), start + loan.buffer().byteSize());
        long skipped = from - start;
        long count = Math.min(end - from, target.byteSize() - done);
        long found = readPages(file, start, loan.buffer().asSlice(0, end - start));
        requireBytes(file, from, count, found - skipped);
        MemorySegment.copy(loan.buffer(), skipped, target, done, count);
        done += count;
      }
    }
  }

  /** Writes all of {@code source}, inside the file. */
  void write(DiskFile file, long position, MemorySegment source) {
    int page = file.alignment();
    if (page == 1) {
      file.writeFully(position, source);
      return;
    }
    long end = position + source.byteSize();
    long firstWhole = Pages.up(position, page);
    long lastWhole = Pages.down(end, page);
    if (firstWhole > lastWhole) {
      patch(file, position, source);
      return;
    }
    if (position < firstWhole) {
      patch(file, position, source.asSlice(0, firstWhole - position));
    }
    if (firstWhole < lastWhole) {
      writeWhole(file, firstWhole, source.asSlice(firstWhole - position, lastWhole - firstWhole));
    }
    if (lastWhole < end) {
      patch(file, lastWhole, source.asSlice(lastWhole - position));
    }
  }

  private void writeWhole(DiskFile file, long position, MemorySegment source) {
    if ((source.address() & (file.alignment() - 1)) == 0) {
      writePages(file, position, source);
      return;
    }
    try (BufferPool.Loan loan = buffers.borrow()) {
      for (long done = 0; done < source.byteSize(); ) {
        long count = Math.min(loan.buffer().byteSize(), source.byteSize() - done);
        MemorySegment.copy(source, done, loan.buffer(), 0, count);
        writePages(file, position + done, loan.buffer().asSlice(0, count));
        done += count;
      }
    }
  }

  /**
   * Changes a part of one page. The last page of a file may be a part itself: what is written too
   * far is cut off.
   */
  private void patch(DiskFile file, long position, MemorySegment source) {
    int page = file.alignment();
    long start = Pages.down(position, page);
    ReentrantLock lock = Pages.lock(file.path(), start / page);
    try (BufferPool.Loan loan = buffers.borrow()) {
      MemorySegment whole = loan.buffer().asSlice(0, page);
      lock.lock();
      try {
        long byteSize = file.byteSize();
        long found = readPages(file, start, whole);
        whole.asSlice(found).fill((byte) 0);
        MemorySegment.copy(source, 0, whole, position - start, source.byteSize());
        writePages(file, start, whole);
        if (byteSize < start + page) {
          file.truncate(byteSize);
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * Sets a range inside the file to one value.
   *
   * @param file the file
   * @param value the byte
   * @param position the first byte
   * @param length how many, above 0
   */
  void fill(DiskFile file, byte value, long position, long length) {
    int page = file.alignment();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pattern =
          arena.allocate(
              Math.min(BufferPool.BUFFER_BYTE_SIZE, Pages.up(length, page)), Pages.ALIGNMENT);
      pattern.fill(value);
      long end = position + length;
      while (position < end) {
        // Ends on a page wherever it can, so that every chunk but the first and last is whole
        // pages.
        long next = Math.min(end, Pages.down(position + pattern.byteSize(), page));
        next = next > position ? next : Math.min(end, position + pattern.byteSize());
        write(file, position, pattern.asSlice(0, next - position));
        position = next;
      }
    }
  }

  /** Writes whole pages from aligned memory, going on after short writes. */
  static void writePages(DiskFile file, long position, MemorySegment source) {
    int page = file.alignment();
    long done = 0;
    while (done < source.byteSize()) {
      long count = Math.min(MAX_IO, source.byteSize() - done);
      long moved = Pages.down(file.write(position + done, source.asSlice(done, count)), page);
      if (moved <= 0) {
        throw new BackendException(
            ErrorCode.OPERATION_FAILED,
            "direct write to %s moved less than a page of %d bytes at %d"
                .formatted(file.path(), page, position + done),
            null);
      }
      done += moved;
    }
  }

  /**
   * {@return how many bytes were read into aligned memory, going on after short reads; fewer only
   * at the file's end}
   */
  static long readPages(DiskFile file, long position, MemorySegment target) {
    int page = file.alignment();
    long done = 0;
    while (done < target.byteSize()) {
      long count = Math.min(MAX_IO, target.byteSize() - done);
      int moved = file.read(position + done, target.asSlice(done, count));
      if (moved < 0) {
        return done;
      }
      if (moved % page != 0) {
        // Part of a page: the file ends inside it, or the page has to be read again.
        if (position + done + moved >= file.byteSize() || moved < page) {
          return done + moved;
        }
        moved = (int) Pages.down(moved, page);
      }
      done += moved;
    }
    return done;
  }

  private static void requireBytes(DiskFile file, long position, long wanted, long found) {
    if (found < wanted) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "%s ends at byte %d, wanted bytes [%d, %d)"
              .formatted(file.path(), position + Math.max(0, found), position, position + wanted));
    }
  }

  /** Loaded at the first use, so that most processes never make these buffers. */
  private static final class StandaloneBuffers {
    private static final int COUNT = 4;
    static final BufferPool POOL = new BufferPool(MemoryBudget.UNLIMITED, COUNT);
  }
}
