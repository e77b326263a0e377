package io.kvbm.backend.disk;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.storage.AbstractStorage;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.StorageType;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A file mapped into memory as storage: its bytes are read and written like memory, and are in the
 * file.
 *
 * <p>The space of the file is reserved for real before it is mapped, so that no write runs out of
 * it: through a mapping that would end as a signal, not as an exception. (A file system that copies
 * on write may still have no room for the copy; prefer others.) For the same reason the file is
 * never made shorter while it is mapped, and it is locked: a second mapping of it is refused, by
 * this process and by any other that uses this class. The lock is a file of its own beside it, with
 * {@code .lock} at the end of its name, which says who holds it.
 *
 * <p>Written bytes survive the process at once and the machine after {@link #force()}. The storage
 * is unmapped when it is closed and its last lease is returned. The address is that of the mapping,
 * the id of the type is the file descriptor. Threading: as of memory; forcing is safe from any
 * thread.
 */
public final class MappedFileStorage extends AbstractStorage {

  private static final String TEMPLATE = "kvbm-mapped-XXXXXX";

  private final FileMapping mapping;
  private final Object forcing = new Object();
  private boolean nameIsDurable;
  private @Nullable BackendException failedForce;

  private MappedFileStorage(FileMapping mapping) {
    super(
        StorageType.disk(mapping.descriptor()),
        mapping.segment().address(),
        mapping.segment().byteSize());
    this.mapping = mapping;
    this.nameIsDurable = !mapping.wasMade();
  }

  /**
   * Maps a new file of zeros, in the directory that the environment variable {@code
   * DYN_KVBM_DISK_CACHE_DIR} names, {@code /tmp} by default. It is removed when the storage is
   * closed.
   *
   * @param byteSize the length in bytes, above 0
   * @return the storage; the caller closes it
   * @throws CapacityException with {@link ErrorCode#ALLOCATION_FAILED} if there is no space or
   *     {@code byteSize} is 0
   * @throws BackendException if the directory cannot be made or written
   */
  public static MappedFileStorage newTemp(long byteSize) {
    DiskSettings settings = DiskSettings.ofProcess();
    return newTemp(settings.directory(), byteSize);
  }

  /** Maps a new file of zeros in a directory. */
  static MappedFileStorage newTemp(Path directory, long byteSize) {
    requireSize(byteSize);
    return new MappedFileStorage(
        new FileMappings(new FileDisk()).temporary(directory.resolve(TEMPLATE), byteSize));
  }

  /**
   * Maps the file at a path. Where there is none it is made, mode 0644, with the directories above
   * it, and is full of zeros. Where there is one its bytes are kept: a file as long as asked for is
   * mapped as it is, a shorter one is made longer with zeros, and a longer one is refused, because
   * no byte is ever cut off. The file stays when the storage is closed.
   *
   * @param path the file
   * @param byteSize the length in bytes, above 0
   * @return the storage; the caller closes it
   * @throws CapacityException with {@link ErrorCode#ALLOCATION_FAILED} if there is no space or
   *     {@code byteSize} is 0; a file that was there is as it was
   * @throws CallerException with {@link ErrorCode#PRECONDITION_FAILED} if the file is longer, with
   *     {@link ErrorCode#INVALID_ARGUMENT} if the path names something else than a file
   * @throws TransientException with {@link ErrorCode#LOCKED} if the file is mapped already, naming
   *     the process
   * @throws BackendException if the file cannot be made or opened
   */
  public static MappedFileStorage newAt(Path path, long byteSize) {
    return newAt(new FileDisk(), path, byteSize);
  }

  static MappedFileStorage newAt(FileDisk disk, Path path, long byteSize) {
    requireSize(byteSize);
    return new MappedFileStorage(new FileMappings(disk).at(path, byteSize));
  }

  private static void requireSize(long byteSize) {
    if (byteSize <= 0) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "zero-sized allocations are not supported; ask for at least 1 byte to map, not "
              + byteSize,
          byteSize,
          0);
    }
  }

  /** {@return the file} */
  public Path path() {
    return mapping.path();
  }

  /** {@return the file descriptor} */
  public long fd() {
    return mapping.descriptor();
  }

  /**
   * Makes the bytes written so far durable, and the file's name with them. Returns when the device
   * says that it has them.
   *
   * <p>After a failure the operating system may have thrown away what it could not write: this and
   * every later call on the storage fails, and the bytes to trust are those read after mapping the
   * file anew.
   *
   * @throws BackendException if the device fails, now or at an earlier call
   */
  public void force() {
    force(0, byteSize());
  }

  /**
   * Makes the bytes of a range durable, as {@link #force()} does.
   *
   * @param offset the first byte
   * @param length how many
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if the range leaves the storage
   * @throws BackendException if the device fails, now or at an earlier call
   */
  public void force(long offset, long length) {
    checkBounds(offset, length);
    try (var _ = lease()) {
      synchronized (forcing) {
        requireNoFailure();
        forceOrPoison(offset, length);
      }
    }
  }

  private void requireNoFailure() {
    if (failedForce != null) {
      throw new BackendException(
          ErrorCode.OPERATION_FAILED,
          path() + " could not be forced before; map it anew and see what is left",
          failedForce);
    }
  }

  private void forceOrPoison(long offset, long length) {
    try {
      mapping.force(offset, length);
      if (!nameIsDurable) {
        mapping.syncName();
        nameIsDurable = true;
      }
    } catch (UncheckedIOException e) {
      failedForce =
          new BackendException(
              ErrorCode.OPERATION_FAILED, "cannot force " + path() + ": " + e.getMessage(), e);
      throw failedForce;
    } catch (BackendException e) {
      failedForce = e;
      throw e;
    }
  }

  @Override
  public boolean isHostAccessible() {
    return true;
  }

  @Override
  protected Region openRegion() {
    return new Region.HostRegion(mapping.segment());
  }

  @Override
  protected void fill(byte value, long offset, long length) {
    MemorySegment range = mapping.segment().asSlice(offset, length);
    range.fill(value);
  }

  @Override
  protected void free() {
    mapping.close();
  }
}
