package io.kvbm.backend.disk;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.StorageAllocator;
import java.nio.file.Path;

/**
 * Allocates {@link DiskStorage}s in one directory, each a file with a new name. Threading: safe
 * from any thread.
 */
public final class DiskAllocator implements StorageAllocator {

  private final Disk disk;
  private final Path directory;
  private final DirectAccess direct;
  private final boolean unlinkAtOnce;
  private volatile boolean closed;

  /**
   * Allocates in a directory of this machine, with the settings of the environment variables {@code
   * DYN_KVBM_DISK_*}.
   *
   * @param directory where the files are made; made at the first allocation if it is not there
   */
  public DiskAllocator(Path directory) {
    this(DiskSettings.ofProcess(), directory);
  }

  private DiskAllocator(DiskSettings settings, Path directory) {
    this(DiskStorage.fileDisk(settings), directory, settings.direct(), settings.unlinkAtOnce());
  }

  DiskAllocator(Disk disk, Path directory, DirectAccess direct, boolean unlinkAtOnce) {
    this.disk = disk;
    this.directory = directory;
    this.direct = direct;
    this.unlinkAtOnce = unlinkAtOnce;
  }

  @Override
  public String storageKind() {
    return "disk";
  }

  /** {@return where the files are made} */
  public Path directory() {
    return directory;
  }

  @Override
  public DiskStorage allocate(AllocationRequest request) {
    if (closed) {
      throw new ClosedException(
          ErrorCode.CLOSED, "the disk backend of " + directory + " is closed");
    }
    Path template = DiskStorage.temporary(directory);
    DiskStorage storage = DiskStorage.create(disk, template, request.byteSize(), direct);
    if (unlinkAtOnce) {
      storage.unlink();
    }
    return storage;
  }

  @Override
  public DiskStorage allocate(long byteSize) {
    return allocate(AllocationRequest.of(byteSize));
  }

  /** Refuses later allocations. Storages stay their owners'. */
  void refuseMore() {
    closed = true;
  }
}
