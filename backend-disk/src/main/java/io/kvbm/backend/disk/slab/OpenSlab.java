package io.kvbm.backend.disk.slab;

import io.kvbm.api.disk.Disk;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.store.BlockStoreFactory;
import java.lang.foreign.Arena;
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
    Arena arena = Arena.ofShared();
    closers.push(arena::close);
    SlotTable table = new SlotTable(arena.allocate(tableByteSize, DiskPages.PAGE), layout.slots());
    SlotBuffers buffers =
        new SlotBuffers(environment.memory(), layout.slotStride(), settings.buffers(layout));
    closers.push(buffers::close);
    List<Extent> extents =
        new ExtentFiles(environment, settings, layout, spec.fingerprint()).open();
    closers.push(() -> extents.forEach(extent -> extent.file().close()));
    return new OpenSlab(layout, extents, buffers, table, closers);
  }

  private static void makeDirectory(Disk disk, Path directory) {
    if (disk.exists(directory)) {
      return;
    }
    disk.createDirectories(directory);
    Path parent = directory.toAbsolutePath().getParent();
    if (parent != null) {
      disk.syncDirectory(parent);
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
