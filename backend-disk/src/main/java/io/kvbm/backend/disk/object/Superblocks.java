package io.kvbm.backend.disk.object;

import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Two files that take turns, so that one of them is whole whatever happens. */
final class Superblocks {

  private static final int MAGIC = 0x4253564B; // KVSB
  private static final int AT_CRC = 60;
  private static final int BYTE_SIZE = 64;

  private final StoreFiles files;

  Superblocks(StoreFiles files) {
    this.files = files;
  }

  /**
   * What holds for the whole store.
   *
   * @param store its identity
   * @param generation rises with each write
   * @param epoch rises with each opening for writing
   * @param firstSegment the oldest segment that is part of the log
   */
  record Superblock(UUID store, long generation, long epoch, long firstSegment) {
    Superblock opened() {
      return new Superblock(store, generation + 1, epoch + 1, firstSegment);
    }

    Superblock startingAt(long segment) {
      return new Superblock(store, generation + 1, epoch, segment);
    }
  }

  private Path path(long generation) {
    return files.directory().resolve("store-" + generation % 2);
  }

  /** {@return the newest whole one, or null if there is none} */
  @Nullable Superblock load(boolean sync) {
    Superblock newest = null;
    for (int slot = 0; slot < 2; slot++) {
      Superblock found = load(path(slot), sync);
      if (found != null && (newest == null || found.generation() > newest.generation())) {
        newest = found;
      }
    }
    return newest;
  }

  private @Nullable Superblock load(Path path, boolean sync) {
    if (!files.disk().exists(path)) {
      return null;
    }
    Set<OpenOption> options =
        sync ? Set.of(OpenOption.READ, OpenOption.WRITE) : Set.of(OpenOption.READ);
    try (DiskFile file = files.openBuffered(path, options);
        Arena arena = Arena.ofConfined()) {
      if (sync) {
        files.sync(file);
      }
      if (file.byteSize() < BYTE_SIZE) {
        return null;
      }
      MemorySegment page = arena.allocate(BYTE_SIZE, Format.PAGE);
      file.readFully(0, page);
      if (page.get(Format.INT, 0) != MAGIC
          || page.get(Format.INT, AT_CRC) != Format.crc(page.asSlice(0, AT_CRC))) {
        return null;
      }
      if (page.get(Format.SHORT, 4) != Format.VERSION) {
        throw Format.corrupt(
            "%s has format version %d, this program reads %d; use a newer one"
                .formatted(path, page.get(Format.SHORT, 4), Format.VERSION));
      }
      return new Superblock(
          new UUID(page.get(Format.LONG, 8), page.get(Format.LONG, 16)),
          page.get(Format.LONG, 24),
          page.get(Format.LONG, 32),
          page.get(Format.LONG, 40));
    }
  }

  /** Writes the next one durably. */
  void store(Superblock block) {
    Path path = path(block.generation());
    boolean made = !files.disk().exists(path);
    try (DiskFile file =
            files.openBuffered(path, Set.of(OpenOption.READ, OpenOption.WRITE, OpenOption.CREATE));
        Arena arena = Arena.ofConfined()) {
      MemorySegment page = arena.allocate(BYTE_SIZE, Format.PAGE);
      page.set(Format.INT, 0, MAGIC);
      page.set(Format.SHORT, 4, Format.VERSION);
      page.set(Format.LONG, 8, block.store().getMostSignificantBits());
      page.set(Format.LONG, 16, block.store().getLeastSignificantBits());
      page.set(Format.LONG, 24, block.generation());
      page.set(Format.LONG, 32, block.epoch());
      page.set(Format.LONG, 40, block.firstSegment());
      page.set(Format.INT, AT_CRC, Format.crc(page.asSlice(0, AT_CRC)));
      file.writeFully(0, page);
      files.sync(file);
    }
    if (made) {
      files.syncDirectory(files.directory());
    }
  }
}
