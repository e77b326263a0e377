package io.kvbm.backend.disk.slab;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Opens the extents of a store, and makes, grows and cuts them where the store's size asks for it.
 *
 * <p>An extent is made under another name and gets its own when its superblock is durable, so that
 * a file of that name always has had one. Whoever cannot read a file fails the open; only a file
 * that can be read and has no whole superblock is made anew. Files of another size class, and those
 * behind the last extent, are removed: their blocks do not fit this store.
 */
final class ExtentFiles {

  static final String SUFFIX = ".slab";
  private static final String UNFINISHED = ".new";

  /** EINTR, EIO, ENOMEM, ENFILE, EMFILE: say nothing of direct access. */
  private static final Set<Integer> OUT_OF_RESOURCES = Set.of(4, 5, 12, 23, 24);

  private final SlabEnvironment environment;
  private final Disk disk;
  private final Path directory;
  private final SlabLayout layout;
  private final long fingerprint;
  private final boolean mustBypass;
  private boolean bypasses;

  ExtentFiles(
      SlabEnvironment environment, SlabSettings settings, SlabLayout layout, long fingerprint) {
    this.environment = environment;
    this.disk = environment.disk();
    this.directory = settings.directory();
    this.layout = layout;
    this.fingerprint = fingerprint;
    this.mustBypass = settings.direct().equals("true");
    this.bypasses = !settings.direct().equals("false");
  }

  /** {@return the open extents in order; all are closed again if one cannot be opened} */
  List<Extent> open() {
    List<Extent> extents = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pages = arena.allocate(SlabLayout.SLOTS_START, DiskPages.PAGE);
      removeOthers();
      for (int extent = 0; extent < layout.extents(); extent++) {
        extents.add(open(extent, pages));
      }
      return extents;
    } catch (RuntimeException e) {
      extents.forEach(extent -> extent.file().close());
      throw e;
    }
  }

  private Path path(int extent) {
    return directory.resolve(prefix() + "%05d".formatted(extent) + SUFFIX);
  }

  /** Names begin with the size class. */
  private String prefix() {
    return "blocks-" + layout.bodyByteSize() + "-";
  }

  private void removeOthers() {
    Set<String> own = new HashSet<>();
    for (int extent = 0; extent < layout.extents(); extent++) {
      own.add(String.valueOf(path(extent).getFileName()));
    }
    boolean removed = false;
    for (Path path : disk.list(directory)) {
      String name = String.valueOf(path.getFileName());
      boolean isExtent = name.startsWith("blocks-") && name.endsWith(SUFFIX);
      if (name.endsWith(SUFFIX + UNFINISHED) || isExtent && !own.contains(name)) {
        disk.unlink(path);
        removed = true;
      }
    }
    if (removed) {
      disk.syncDirectory(directory);
    }
  }

  /** Some file systems take the flag of direct access and refuse the first read or write. */
  private Extent open(int number, MemorySegment pages) {
    try {
      return openOnce(number, pages);
    } catch (BackendException e) {
      if (!bypasses || mustBypass || OUT_OF_RESOURCES.contains(e.nativeCode())) {
        throw e;
      }
      bypasses = false;
      return openOnce(number, pages);
    }
  }

  private Extent openOnce(int number, MemorySegment pages) {
    Path path = path(number);
    DiskFile file = tryOpen(path);
    if (file == null) {
      return make(number, pages);
    }
    Superblock superblock;
    try {
      superblock = readSuperblock(file, pages);
      if (superblock != null && superblock.fits(layout, number)) {
        return new Extent(file, resized(file, superblock, pages), false);
      }
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
    file.close();
    environment
        .logger()
        .log(
            System.Logger.Level.WARNING,
            "{0} has no superblock that is whole and fits; its blocks are lost, it is made anew",
            path);
    return make(number, pages);
  }

  /** {@return the open file, or null where there is none} */
  private @Nullable DiskFile tryOpen(Path path) {
    try {
      return open(path, EnumSet.of(OpenOption.READ, OpenOption.WRITE));
    } catch (CallerException e) {
      if (e.code() == ErrorCode.NOT_FOUND) {
        return null;
      }
      throw e;
    }
  }

  private DiskFile open(Path path, EnumSet<OpenOption> options) {
    if (!bypasses) {
      return disk.open(path, options);
    }
    EnumSet<OpenOption> bypassing = EnumSet.copyOf(options);
    bypassing.add(OpenOption.DIRECT);
    DiskFile file = disk.open(path, bypassing);
    if (file.alignment() <= DiskPages.PAGE) {
      return file;
    }
    file.close();
    throw new BackendException(
        ErrorCode.OPERATION_FAILED,
        "slots in %s are not aligned to its pages of %d bytes; set direct to false"
            .formatted(path, file.alignment()),
        null);
  }

  private static @Nullable Superblock readSuperblock(DiskFile file, MemorySegment pages) {
    if (file.byteSize() < pages.byteSize()) {
      return null;
    }
    file.readFully(0, pages);
    return Superblock.newest(pages);
  }

  /** Gives an extent the number of slots it should have. */
  private Superblock resized(DiskFile file, Superblock superblock, MemorySegment pages) {
    int slots = layout.slotsOf(superblock.extent());
    long byteSize = layout.byteSizeOf(superblock.extent());
    if (file.byteSize() < byteSize) {
      file.allocate(0, byteSize);
    }
    if (superblock.slots() == slots) {
      return superblock;
    }
    if (file.byteSize() > byteSize) {
      file.truncate(byteSize);
    }
    // The other copy may be torn, from a resize that was cut short: the one that holds goes last.
    boolean isFirst = superblock.equals(Superblock.readFrom(pages.asSlice(0, DiskPages.PAGE)));
    Superblock next = superblock.next(slots);
    writeSuperblock(file, next, pages, isFirst ? DiskPages.PAGE : 0);
    return next;
  }

  /** One copy after the other: at every moment one of them is whole. */
  private static void writeSuperblock(
      DiskFile file, Superblock superblock, MemorySegment pages, long firstPosition) {
    MemorySegment page = pages.asSlice(0, DiskPages.PAGE);
    superblock.writeTo(page);
    for (long position : new long[] {firstPosition, DiskPages.PAGE - firstPosition}) {
      file.writeFully(position, page);
      file.sync(true);
    }
  }

  private Extent make(int number, MemorySegment pages) {
    Path path = path(number);
    Path unfinished = path.resolveSibling(path.getFileName() + UNFINISHED);
    if (disk.exists(unfinished)) {
      disk.unlink(unfinished);
    }
    Superblock superblock =
        new Superblock(
            environment.random().nextLong(),
            environment.random().nextLong(),
            1,
            number,
            layout.slotsOf(number),
            layout.slotsPerExtent(),
            layout.bodyByteSize(),
            fingerprint);
    DiskFile file =
        open(unfinished, EnumSet.of(OpenOption.READ, OpenOption.WRITE, OpenOption.CREATE_NEW));
    try {
      file.allocate(0, layout.byteSizeOf(number));
      writeSuperblock(file, superblock, pages, 0);
      readSuperblock(file, pages); // where direct reads are refused, it shows now
      disk.rename(unfinished, path);
      disk.syncDirectory(directory);
      return new Extent(file, superblock, true);
    } catch (RuntimeException e) {
      discard(file, unfinished, e);
      throw e;
    }
  }

  private void discard(DiskFile file, Path unfinished, RuntimeException failure) {
    try {
      file.close();
      if (disk.exists(unfinished)) {
        disk.unlink(unfinished);
      }
    } catch (KvbmException e) {
      failure.addSuppressed(e);
    }
  }
}
