package io.kvbm.backend.disk.slab;

import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.DiskFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** A disk that says that it wrote a slot and sometimes did not, or that it synced and never did. */
final class LosingDisk implements Disk {

  /** What is never done. */
  enum Omission {
    /** Syncs of files. */
    SYNC,
    /** Syncs of directories. */
    DIRECTORY_SYNC
  }

  private final Disk disk;
  private final Set<Omission> omitted;
  private final SplittableRandom random;
  private final double probability;
  private long lost;

  LosingDisk(Disk disk, SplittableRandom random, double probability, Set<Omission> omitted) {
    this.disk = disk;
    this.omitted = omitted;
    this.random = random;
    this.probability = probability;
  }

  long lost() {
    return lost;
  }

  @Override
  public String name() {
    return disk.name();
  }

  @Override
  public DiskFile open(Path path, Set<OpenOption> options) {
    return new LosingFile(disk.open(path, options));
  }

  @Override
  public DiskFile openTemporary(Path template, Set<OpenOption> options) {
    return disk.openTemporary(template, options);
  }

  @Override
  public boolean exists(Path path) {
    return disk.exists(path);
  }

  @Override
  public List<Path> list(Path directory) {
    return disk.list(directory);
  }

  @Override
  public void createDirectories(Path directory) {
    disk.createDirectories(directory);
  }

  @Override
  public void rename(Path source, Path target) {
    disk.rename(source, target);
  }

  @Override
  public void unlink(Path path) {
    disk.unlink(path);
  }

  @Override
  public void syncDirectory(Path directory) {
    if (!omitted.contains(Omission.DIRECTORY_SYNC)) {
      disk.syncDirectory(directory);
    }
  }

  @Override
  public DiskLock lock(Path path) {
    return disk.lock(path);
  }

  @Override
  public long usableByteSize(Path path) {
    return disk.usableByteSize(path);
  }

  private final class LosingFile implements DiskFile {
    private final DiskFile file;

    LosingFile(DiskFile file) {
      this.file = file;
    }

    @Override
    public Path path() {
      return file.path();
    }

    @Override
    public long descriptor() {
      return file.descriptor();
    }

    @Override
    public boolean isDirect() {
      return file.isDirect();
    }

    @Override
    public int alignment() {
      return file.alignment();
    }

    @Override
    public long byteSize() {
      return file.byteSize();
    }

    @Override
    public int read(long position, MemorySegment target) {
      return file.read(position, target);
    }

    @Override
    public int write(long position, MemorySegment source) {
      if (position >= SlabLayout.SLOTS_START && random.nextDouble() < probability) {
        lost++;
        return (int) source.byteSize();
      }
      return file.write(position, source);
    }

    @Override
    public void sync(boolean metadata) {
      if (!omitted.contains(Omission.SYNC)) {
        file.sync(metadata);
      }
    }

    @Override
    public void allocate(long position, long length) {
      file.allocate(position, length);
    }

    @Override
    public boolean punch(long position, long length) {
      return file.punch(position, length);
    }

    @Override
    public void truncate(long byteSize) {
      file.truncate(byteSize);
    }

    @Override
    public void close() {
      file.close();
    }
  }
}
