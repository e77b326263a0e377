package io.kvbm.backend.disk.slab;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;

/**
 * The slot table of a store that was closed in order: spares the next open the scan of all headers.
 * Only an accelerator: what does not fit in any respect is ignored, and it is gone, durably, before
 * the first block is written, so that a store that was not closed has none.
 */
final class IndexSnapshot {

  static final String NAME = "index.snapshot";

  /** "KVBMINDX" read as a little-endian number. */
  private static final long MAGIC = 0x58444E494D42564BL;

  private static final int VERSION = 1;
  private static final int AT_VERSION = 8;
  private static final int AT_SLOTS = 12;
  private static final int AT_FILES = 16;
  private static final int AT_FINGERPRINT = 24;
  private static final int AT_TABLE_CHECKSUM = 32;

  private final Disk disk;
  private final Path directory;
  private final long files;
  private final long fingerprint;

  IndexSnapshot(Disk disk, Path directory, List<Extent> extents, long fingerprint) {
    this.disk = disk;
    this.directory = directory;
    this.files = identity(extents);
    this.fingerprint = fingerprint;
  }

  /** One number for which files there are, in which state and order. */
  private static long identity(List<Extent> extents) {
    long mixed = extents.size();
    for (Extent extent : extents) {
      for (long part :
          new long[] {extent.fileHi(), extent.fileLo(), extent.superblock().sequence()}) {
        mixed = (mixed ^ part) * 0x9E3779B97F4A7C15L;
        mixed ^= mixed >>> 32;
      }
    }
    return mixed;
  }

  private Path path() {
    return directory.resolve(NAME);
  }

  private Path unfinished() {
    return directory.resolve(NAME + ".new");
  }

  /**
   * Reads the snapshot into a table and removes it.
   *
   * @return whether the table holds it now; otherwise it is zeroed
   */
  boolean take(SlotTable table) {
    removeIfThere(unfinished());
    boolean taken = disk.exists(path()) && read(table);
    if (!taken) {
      table.bytes().fill((byte) 0);
    }
    if (removeIfThere(path())) {
      disk.syncDirectory(directory);
    }
    return taken;
  }

  private boolean removeIfThere(Path path) {
    boolean there = disk.exists(path);
    if (there) {
      disk.unlink(path);
    }
    return there;
  }

  private boolean read(SlotTable table) {
    MemorySegment bytes = table.bytes();
    try (DiskFile file = disk.open(path(), EnumSet.of(OpenOption.READ));
        Arena arena = Arena.ofConfined()) {
      MemorySegment page = arena.allocate(DiskPages.PAGE, DiskPages.PAGE);
      if (file.byteSize() != page.byteSize() + bytes.byteSize()) {
        return false;
      }
      file.readFully(0, page);
      if (!fits(page, table.slots())) {
        return false;
      }
      file.readFully(page.byteSize(), bytes);
      return page.get(DiskPages.INT, AT_TABLE_CHECKSUM) == DiskPages.checksum(bytes);
    } catch (CallerException e) {
      if (e.code() == ErrorCode.OUT_OF_BOUNDS || e.code() == ErrorCode.NOT_FOUND) {
        return false;
      }
      throw e;
    }
  }

  private boolean fits(MemorySegment page, int slots) {
    return DiskPages.isSealed(page)
        && page.get(DiskPages.LONG, 0) == MAGIC
        && page.get(DiskPages.INT, AT_VERSION) == VERSION
        && page.get(DiskPages.INT, AT_SLOTS) == slots
        && page.get(DiskPages.LONG, AT_FILES) == files
        && page.get(DiskPages.LONG, AT_FINGERPRINT) == fingerprint;
  }

  /** Writes a table that nobody changes any more; the slots it names are durable already. */
  void write(SlotTable table) {
    try (DiskFile file =
            disk.open(
                unfinished(),
                EnumSet.of(OpenOption.WRITE, OpenOption.CREATE, OpenOption.TRUNCATE));
        Arena arena = Arena.ofConfined()) {
      MemorySegment page = arena.allocate(DiskPages.PAGE, DiskPages.PAGE);
      page.set(DiskPages.LONG, 0, MAGIC);
      page.set(DiskPages.INT, AT_VERSION, VERSION);
      page.set(DiskPages.INT, AT_SLOTS, table.slots());
      page.set(DiskPages.LONG, AT_FILES, files);
      page.set(DiskPages.LONG, AT_FINGERPRINT, fingerprint);
      page.set(DiskPages.INT, AT_TABLE_CHECKSUM, DiskPages.checksum(table.bytes()));
      DiskPages.seal(page);
      file.writeFully(0, page);
      file.writeFully(page.byteSize(), table.bytes());
      file.sync(true);
    }
    disk.rename(unfinished(), path());
    disk.syncDirectory(directory);
  }
}
