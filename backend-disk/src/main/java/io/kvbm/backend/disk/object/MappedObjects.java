package io.kvbm.backend.disk.object;

import io.kvbm.api.CapacityException;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.store.MappedObject;
import io.kvbm.backend.disk.file.PosixFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Shows values in memory. One that has a file of its own is mapped where its disk can do that: such
 * a file is written once and never cut, and its bytes stay for those who mapped it when it loses
 * its name. Every other value is copied. Both are checked whole before they are given out.
 *
 * <p>What is given out depends neither on the store nor on an open file: it may be closed after the
 * store. A mapping takes no memory, but keeps the space of its file on the disk. Threading: safe
 * from any thread.
 */
final class MappedObjects {

  /** Reads values. */
  @FunctionalInterface
  interface Source {
    /** {@return false if the value is somewhere else by now: look it up again} */
    boolean read(String key, Location at, long offset, MemorySegment target);
  }

  private final StoreFiles files;
  private final BodyReader reader;
  private final MemoryBudget budget;
  private final Source source;
  private final StoreCounters counters;

  /**
   * Shows nothing yet.
   *
   * @param files those of the store
   * @param reader checks what is to be mapped
   * @param budget what copies are taken from
   * @param source of what is copied; counts what it reads
   * @param counters for what is mapped
   */
  MappedObjects(
      StoreFiles files,
      BodyReader reader,
      MemoryBudget budget,
      Source source,
      StoreCounters counters) {
    this.files = files;
    this.reader = reader;
    this.budget = budget;
    this.source = source;
    this.counters = counters;
  }

  /**
   * {@return a value, checked; null if it is somewhere else by now: look it up again}
   *
   * @throws io.kvbm.api.CorruptionException if its bytes are damaged
   * @throws CapacityException if there is no address space for a mapping or no memory for a copy
   */
  @Nullable MappedObject show(String key, Location at) {
    // Nothing cannot be mapped, and what is encoded is of no use so.
    if (at.isInFile() && at.codec() == 0 && at.storedByteSize() > 0) {
      MappedObject mapped = tryMap(key, at);
      if (mapped != null) {
        return mapped;
      }
    }
    return tryCopy(key, at);
  }

  /**
   * The bytes are checked by reading, not in the mapping, where an error of the device would end
   * the process, and through the page cache, so that it is these very pages that are mapped.
   */
  private @Nullable MappedObject tryMap(String key, Location at) {
    DiskFile file = files.tryOpenCached(files.object(at.objectId()));
    if (file == null) {
      return null;
    }
    try (file) {
      if (!(file instanceof PosixFile mappable) || !reader.check(key, at, file)) {
        return null;
      }
      Arena arena = Arena.ofShared();
      MemorySegment bytes = null;
      try {
        bytes = mappable.tryMap(Format.PAGE, at.storedByteSize(), arena);
      } finally {
        if (bytes == null) {
          arena.close();
        }
      }
      if (bytes == null) {
        return null;
      }
      counters.gets.increment();
      counters.gotBytes.add(bytes.byteSize());
      return new Shown(arena, bytes, () -> {});
    }
  }

  private @Nullable MappedObject tryCopy(String key, Location at) {
    long byteSize = at.rawByteSize();
    MemoryBudget.Reservation reservation = budget.reserve(byteSize);
    Arena arena = Arena.ofShared();
    boolean filled = false;
    try {
      MemorySegment copy =
          arena.allocate(Math.max(1, byteSize), Format.ALIGNMENT).asSlice(0, byteSize);
      filled = source.read(key, at, 0, copy);
      return filled ? new Shown(arena, copy.asReadOnly(), reservation) : null;
    } finally {
      if (!filled) {
        arena.close();
        reservation.close();
      }
    }
  }

  /** Bytes that are gone when they are closed. Threading: safe from any thread. */
  private static final class Shown implements MappedObject {
    private final Arena arena;
    private final MemorySegment segment;
    private final MemoryBudget.Reservation reservation;

    Shown(Arena arena, MemorySegment segment, MemoryBudget.Reservation reservation) {
      this.arena = arena;
      this.segment = segment;
      this.reservation = reservation;
    }

    @Override
    public MemorySegment segment() {
      return segment;
    }

    /** Fails while a call uses the bytes; then it can be made again. */
    @Override
    public synchronized void close() {
      if (arena.scope().isAlive()) {
        arena.close();
        reservation.close();
      }
    }
  }
}
