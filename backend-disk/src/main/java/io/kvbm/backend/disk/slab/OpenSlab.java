package io.kvbm.backend.disk.slab;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.backend.disk.file.IoMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;

/**
 * What a store has open: lock, memory and files, in the order they were taken.
 *
 * @param layout where slots are
 * @param extents the files
 * @param buffers the bytes in flight
 * @param table what slots hold
 * @param closers gives everything back, the last taken first
 */
record OpenSlab(
    SlabLayout layout,
    List<Extent> extents,
    SlotBuffers buffers,
    SlotTable table,
    ArrayDeque<Runnable> closers)
    implements AutoCloseable {

  private static final String LOCK = "lock";

  /** Opens everything, or nothing. */
  static OpenSlab open(
      SlabEnvironment environment, SlabSettings settings, BlockStoreFactory.Spec spec) {
    ArrayDeque<Runnable> closers = new ArrayDeque<>();
    try {
      return open(environment, settings, spec, closers);
    } catch (RuntimeException | OutOfMemoryError e) {
      closeAll(closers);
      throw e;
    }
  }

  private static OpenSlab open(
      SlabEnvironment environment,
      SlabSettings settings,
      BlockStoreFactory.Spec spec,
      ArrayDeque<Runnable> closers) {
    SlabLayout layout = SlabLayout.of(spec.slots(), spec.slotByteSize(), settings.extentByteSize());
    makeDirectory(environment.disk(), settings.directory());
    Disk.DiskLock lock = environment.disk().lock(settings.directory().resolve(LOCK));
    closers.push(lock::close);
    long tableByteSize = SlotTable.byteSize(layout.slots());
    MemoryBudget.Reservation reservation = environment.memory().reserve(tableByteSize);
    closers.push(reservation::close);
    Arena arena = environment.engine().newArena();
    closers.push(arena::close);
    SlotTable table = new SlotTable(allocate(arena, tableByteSize), layout.slots());
    SlotBuffers buffers =
        new SlotBuffers(
            environment.engine().newArena(),
            environment.memory(),
            layout.slotStride(),
            settings.buffers(layout));
    closers.push(buffers::close);
    List<Extent> extents =
        new ExtentFiles(environment, settings, layout, spec.fingerprint()).open();
    closers.push(() -> extents.forEach(extent -> extent.file().close()));
    return new OpenSlab(layout, extents, buffers, table, closers);
  }

  private static MemorySegment allocate(Arena arena, long byteSize) {
    try {
      return IoMemory.allocate(arena, byteSize);
    } catch (OutOfMemoryError e) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "no memory for a table of %d bytes, %d for each slot; ask for fewer slots"
              .formatted(byteSize, SlotTable.RECORD),
          byteSize,
          0,
          e);
    }
  }

  /** Makes the names of the directory and of those made above it durable. */
  private static void makeDirectory(Disk disk, Path directory) {
    ArrayDeque<Path> parents = new ArrayDeque<>();
    Path missing = directory.toAbsolutePath();
    while (missing.getParent() != null && !disk.exists(missing)) {
      missing = missing.getParent();
      parents.push(missing);
    }
    if (!parents.isEmpty()) {
      disk.createDirectories(directory);
      parents.forEach(disk::syncDirectory);
    }
  }

  @Override
  public void close() {
    closeAll(closers);
  }

  private static void closeAll(ArrayDeque<Runnable> closers) {
    while (!closers.isEmpty()) {
      closers.pop().run();
    }
  }
}
