package io.kvbm.backend.disk;

import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.DiskFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A mapped file with all that it holds: the mapping, the descriptor and the lock.
 *
 * @param arena owns the mapping
 * @param segment the bytes
 * @param lockPath the file that is locked
 * @param wasMade whether the file was not there before
 * @param isTemporary whether it goes with the mapping
 */
record FileMapping(
    Disk disk,
    DiskFile file,
    Disk.DiskLock lock,
    Path lockPath,
    Arena arena,
    MemorySegment segment,
    boolean wasMade,
    boolean isTemporary)
    implements AutoCloseable {

  private static final System.Logger LOGGER = System.getLogger(FileMapping.class.getName());

  Path path() {
    return file.path();
  }

  long descriptor() {
    return file.descriptor();
  }

  /** Waits until the device has a range. */
  void force(long offset, long length) {
    if (length > 0) {
      segment.asSlice(offset, length).force();
    }
  }

  /** Makes length and name of the file durable. */
  void syncName() {
    file.sync(true);
    disk.syncDirectory(Objects.requireNonNull(path().toAbsolutePath().getParent()));
  }

  /** Unmaps first: as long as the bytes can be reached the lock is held. */
  @Override
  public void close() {
    arena.close();
    try {
      if (isTemporary) {
        unlink(path());
        unlink(lockPath);
      }
    } finally {
      try {
        file.close();
      } finally {
        lock.close();
      }
    }
  }

  private void unlink(Path name) {
    try {
      disk.unlink(name);
    } catch (KvbmException e) {
      // Somebody else removed it: the space is freed either way.
      LOGGER.log(System.Logger.Level.DEBUG, "mapped file was not unlinked: {0}", e.getMessage());
    }
  }
}
