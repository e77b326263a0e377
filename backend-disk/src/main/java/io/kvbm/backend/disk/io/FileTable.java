package io.kvbm.backend.disk.io;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.kvbm.backend.disk.file.Errno;
import io.kvbm.backend.disk.file.PosixFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The files a ring knows beforehand, which spares the kernel a look-up for each operation. A file's
 * place is its descriptor. Used by the ring's thread.
 */
final class FileTable implements AutoCloseable {

  private static final System.Logger LOGGER = System.getLogger(FileTable.class.getName());
  private static final int[] BYTE_SIZES = {1024, 64};
  private static final long UPDATE_BYTE_SIZE = 16;

  private final Ring ring;
  private final ObjIntConsumer<PosixFile> closeNotice;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment update = arena.allocate(UPDATE_BYTE_SIZE, Long.BYTES);
  private final MemorySegment descriptorArray = arena.allocate(JAVA_INT);
  private @Nullable PosixFile[] files = {};
  private @Nullable Runnable[] listeners = {};

  /**
   * @param ring whose files
   * @param wanted whether any are registered
   * @param closeNotice called from any thread when a registered file is about to be closed
   */
  FileTable(Ring ring, boolean wanted, ObjIntConsumer<PosixFile> closeNotice) {
    this.ring = ring;
    this.closeNotice = closeNotice;
    for (int i = 0; wanted && i < BYTE_SIZES.length && files.length == 0; i++) {
      reserve(BYTE_SIZES[i]);
    }
  }

  private void reserve(int count) {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment none = scratch.allocate(JAVA_INT, count);
      none.fill((byte) -1);
      int result = ring.register(Ring.REGISTER_FILES, none, count);
      if (result >= 0) {
        files = new PosixFile[count];
        listeners = new Runnable[count];
      } else {
        LOGGER.log(System.Logger.Level.DEBUG, "no table of {0} files: error {1}", count, -result);
      }
    }
  }

  /** {@return the file's place, or -1 where the descriptor is to be used} */
  int indexOf(PosixFile file, int descriptor) {
    if (descriptor >= files.length) {
      return -1;
    }
    return files[descriptor] == file || put(file, descriptor) ? descriptor : -1;
  }

  private boolean put(PosixFile file, int descriptor) {
    forgetListener(descriptor);
    if (set(descriptor, descriptor) < 0) {
      files[descriptor] = null;
      return false;
    }
    Runnable listener = () -> closeNotice.accept(file, descriptor);
    files[descriptor] = file;
    listeners[descriptor] = listener;
    file.addCloseListener(listener);
    return true;
  }

  /** Lets go of a file that is closed, so that its space can be freed. */
  void forget(PosixFile file, int descriptor) {
    if (files[descriptor] == file) {
      files[descriptor] = null;
      listeners[descriptor] = null;
      set(descriptor, -1);
    }
  }

  private int set(int place, int descriptor) {
    descriptorArray.set(JAVA_INT, 0, descriptor);
    update.set(JAVA_INT, 0, place);
    update.set(JAVA_LONG, 8, descriptorArray.address());
    int result;
    do {
      result = ring.register(Ring.REGISTER_FILES_UPDATE, update, 1);
    } while (result == -Errno.EINTR);
    return result;
  }

  private void forgetListener(int place) {
    PosixFile file = files[place];
    Runnable listener = listeners[place];
    if (file != null && listener != null) {
      file.removeCloseListener(listener);
    }
  }

  @Override
  public void close() {
    for (int i = 0; i < files.length; i++) {
      forgetListener(i);
    }
    Arrays.fill(files, null);
    arena.close();
  }
}
