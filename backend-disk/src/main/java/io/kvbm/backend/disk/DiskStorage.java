package io.kvbm.backend.disk;

import io.kvbm.api.BackendException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.api.storage.AbstractStorage;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.StorageType;
import java.nio.file.Path;

/**
 * A scratch file as storage: its space is reserved, its bytes start as zero, and it is gone when
 * the storage is closed.
 *
 * <p>The file bypasses the page cache where the file system can ({@link #isDirect()}, {@link
 * #accessDetails()}). Any range can be set or transferred all the same; ranges on page boundaries
 * are cheaper. Its length is exactly {@link #byteSize()}. The address is 0, the id of the type is
 * the file descriptor.
 */
public final class DiskStorage extends AbstractStorage {

  private static final System.Logger LOGGER = System.getLogger(DiskStorage.class.getName());
  private static final String TEMPLATE = "dynamo-kvbm-disk-cache-XXXXXX";

  private final Disk disk;
  private final DiskFile file;
  private final String accessDetails;
  private final Object nameLock = new Object();
  private boolean unlinked;

  private DiskStorage(Disk disk, ScratchFile scratch, long byteSize) {
    super(StorageType.disk(scratch.file().descriptor()), 0, byteSize);
    this.disk = disk;
    this.file = scratch.file();
    this.accessDetails = scratch.access();
  }

  /**
   * Makes a storage with a new name, in the directory that the environment variable {@code
   * DYN_KVBM_DISK_CACHE_DIR} names, {@code /tmp} by default.
   *
   * @param byteSize the length in bytes, above 0
   * @return the storage; the caller closes it
   * @throws CapacityException with {@link ErrorCode#ALLOCATION_FAILED} if there is no space or
   *     {@code byteSize} is 0
   * @throws BackendException if the directory cannot be made or written
   */
  public static DiskStorage newTemp(long byteSize) {
    DiskSettings settings = DiskSettings.ofProcess();
    return create(fileDisk(settings), temporary(settings.directory()), byteSize, settings.direct());
  }

  /**
   * Makes a storage at a path. Directories above it are made.
   *
   * @param path the file, mode 0644, cut to nothing if it is there; or a template if its last name
   *     holds {@code XXXXXX}, which are replaced so that the name is new, mode 0600
   * @param byteSize the length in bytes, above 0
   * @return the storage; the caller closes it, which removes the file
   * @throws CapacityException with {@link ErrorCode#ALLOCATION_FAILED} if there is no space or
   *     {@code byteSize} is 0
   * @throws BackendException if the file cannot be made
   */
  public static DiskStorage newAt(Path path, long byteSize) {
    DiskSettings settings = DiskSettings.ofProcess();
    return create(fileDisk(settings), path, byteSize, settings.direct());
  }

  static DiskStorage create(Disk disk, Path path, long byteSize, DirectAccess direct) {
    if (byteSize <= 0) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "zero-sized allocations are not supported; ask for at least 1 byte of disk, not "
              + byteSize,
          byteSize,
          0);
    }
    return new DiskStorage(disk, new ScratchFiles(disk, direct).make(path, byteSize), byteSize);
  }

  /** {@return the template of new names in a directory} */
  static Path temporary(Path directory) {
    return directory.resolve(TEMPLATE);
  }

  static Disk fileDisk(DiskSettings settings) {
    return new FileDisk(settings.zeroFill(), settings.allocatorType() == AllocatorType.OPEN_DIRECT);
  }

  /** {@return the file descriptor} */
  public long fd() {
    return file.descriptor();
  }

  /** {@return the file, also after it lost its name} */
  public Path path() {
    return file.path();
  }

  /** {@return whether the page cache is bypassed} */
  public boolean isDirect() {
    return file.isDirect();
  }

  /** {@return one line: direct, or buffered and why} */
  public String accessDetails() {
    return accessDetails;
  }

  /**
   * Removes the file's name: when the process ends, however it ends, the operating system frees the
   * space. Libraries that register a file may need its name, so it keeps it until this call or
   * {@link #close()}. Later calls do nothing.
   *
   * @throws KvbmException if the name cannot be removed
   */
  public void unlink() {
    synchronized (nameLock) {
      if (!unlinked) {
        disk.unlink(file.path());
        unlinked = true;
      }
    }
  }

  /** {@return whether the file has lost its name} */
  public boolean unlinked() {
    synchronized (nameLock) {
      return unlinked;
    }
  }

  @Override
  public boolean isHostAccessible() {
    return false;
  }

  @Override
  protected Region openRegion() {
    return new Region.FileRegion(file, 0, byteSize());
  }

  @Override
  protected void fill(byte value, long offset, long length) {
    AlignedIo.standalone().fill(file, value, offset, length);
  }

  @Override
  protected void free() {
    try {
      unlink();
    } catch (KvbmException e) {
      // Somebody else removed it, or the directory is gone: the space is freed either way.
      LOGGER.log(System.Logger.Level.DEBUG, "scratch file was not unlinked: {0}", e.getMessage());
    } finally {
      file.close();
    }
  }
}
