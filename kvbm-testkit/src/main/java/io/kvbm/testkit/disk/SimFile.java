package io.kvbm.testkit.disk;

import io.kvbm.api.disk.DiskFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** An open file of a {@link SimDisk}, which does the work under its lock. */
final class SimFile implements DiskFile {

  private final SimDisk disk;
  private final SimNode node;
  private final Path path;
  private final long number;
  private final int alignment;
  private final boolean readable;
  private final boolean writable;
  private boolean closed;

  SimFile(
      SimDisk disk,
      SimNode node,
      Path path,
      long number,
      int alignment,
      boolean readable,
      boolean writable) {
    this.disk = disk;
    this.node = node;
    this.path = path;
    this.number = number;
    this.alignment = alignment;
    this.readable = readable;
    this.writable = writable;
  }

  SimNode node() {
    return node;
  }

  boolean isReadable() {
    return readable;
  }

  boolean isWritable() {
    return writable;
  }

  /** Guarded by the disk. */
  boolean isClosed() {
    return closed;
  }

  /** Guarded by the disk. */
  void markClosed() {
    closed = true;
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public long descriptor() {
    return number;
  }

  @Override
  public boolean isDirect() {
    return alignment > 1;
  }

  @Override
  public int alignment() {
    return alignment;
  }

  @Override
  public long byteSize() {
    return disk.byteSize(this);
  }

  @Override
  public int read(long position, MemorySegment target) {
    return disk.read(this, position, target);
  }

  @Override
  public int write(long position, MemorySegment source) {
    return disk.write(this, position, source);
  }

  @Override
  public void sync(boolean metadata) {
    disk.sync(this);
  }

  @Override
  public void allocate(long position, long length) {
    disk.allocate(this, position, length);
  }

  @Override
  public boolean punch(long position, long length) {
    return disk.punch(this, position, length);
  }

  @Override
  public void truncate(long byteSize) {
    disk.truncate(this, byteSize);
  }

  @Override
  public void close() {
    disk.close(this);
  }
}
