package io.kvbm.backend.disk.object;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.UUID;

/** Makes the files of the log. Each starts with a page that says which one it is. */
final class Segments {

  private static final int MAGIC = 0x4753564B; // KVSG
  private static final int AT_CRC = 60;
  private static final long ZEROS = 1 << 20;

  private final StoreFiles files;
  private final StoreSettings settings;
  private final Buffers buffers;
  private final UUID store;

  Segments(StoreFiles files, StoreSettings settings, Buffers buffers, UUID store) {
    this.files = files;
    this.settings = settings;
    this.buffers = buffers;
    this.store = store;
  }

  /**
   * Makes a file, durably.
   *
   * @param zeroed whether to write zeros, which makes later small writes cheaper to sync
   * @return open for reading and writing
   */
  DiskFile make(long number, boolean zeroed) {
    Path path = files.segment(number);
    DiskFile file = files.open(path, OpenOption.WRITE, OpenOption.CREATE_NEW);
    try (Buffers.Buffer buffer = buffers.borrow(Math.min(ZEROS, settings.segmentByteSize()))) {
      file.allocate(0, settings.segmentByteSize());
      MemorySegment zeros = buffer.memory().fill((byte) 0);
      if (zeroed) {
        for (long at = 0; at < settings.segmentByteSize(); at += zeros.byteSize()) {
          long count = Math.min(zeros.byteSize(), settings.segmentByteSize() - at);
          file.writeFully(at, zeros.asSlice(0, count));
        }
      }
      MemorySegment page = zeros.asSlice(0, Format.PAGE);
      page.set(Format.INT, 0, MAGIC);
      page.set(Format.SHORT, 4, Format.VERSION);
      page.set(Format.LONG, 8, store.getMostSignificantBits());
      page.set(Format.LONG, 16, store.getLeastSignificantBits());
      page.set(Format.LONG, 24, number);
      page.set(Format.LONG, 32, settings.segmentByteSize());
      page.set(Format.INT, AT_CRC, Format.crc(page.asSlice(0, AT_CRC)));
      file.writeFully(0, page);
      files.sync(file);
      files.syncDirectory(files.segments());
      return file;
    } catch (KvbmException e) {
      discard(file, path, e);
      throw e;
    }
  }

  private void discard(DiskFile file, Path path, KvbmException failure) {
    try {
      file.close();
      files.unlink(path);
    } catch (KvbmException e) {
      failure.addSuppressed(e);
    }
  }

  /** {@return whether a file's first page says that it is this one} */
  static boolean isHeader(MemorySegment page, UUID store, long number) {
    return page.get(Format.INT, 0) == MAGIC
        && page.get(Format.INT, AT_CRC) == Format.crc(page.asSlice(0, AT_CRC))
        && page.get(Format.SHORT, 4) == Format.VERSION
        && page.get(Format.LONG, 8) == store.getMostSignificantBits()
        && page.get(Format.LONG, 16) == store.getLeastSignificantBits()
        && page.get(Format.LONG, 24) == number;
  }

  /** Refuses one more file where the log would get longer than allowed. */
  void requireRoom(long count) {
    if ((count + 1) * settings.segmentByteSize() > settings.maxLogByteSize()) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "limit maxLogByteSize of %d bytes is reached: the log has %d files of %d; delete objects or raise it"
              .formatted(settings.maxLogByteSize(), count, settings.segmentByteSize()),
          settings.segmentByteSize(),
          Math.max(0, settings.maxLogByteSize() - count * settings.segmentByteSize()));
    }
  }
}
