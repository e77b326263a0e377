package io.kvbm.backend.disk;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.backend.disk.file.Errno;
import io.kvbm.backend.disk.file.FileErrors;
import io.kvbm.backend.disk.file.Pages;
import io.kvbm.backend.disk.file.Posix;
import io.kvbm.backend.disk.file.PosixFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file that is read and written through a {@link FileChannel}.
 *
 * <p>An interrupt closes a file channel for every thread that uses it. Where the C library is at
 * hand this file holds a descriptor of its own, and the channel is a view of it that can be opened
 * again under any circumstances, even when the file has lost its name: an interrupted call then
 * finishes and the thread stays interrupted. Elsewhere an interrupt ends the use of the file, so
 * I/O belongs on threads that are never interrupted.
 */
final class ChannelFile implements PosixFile {

  /** The most bytes one call moves: a byte buffer counts in 31 bits. */
  private static final long MAX_TRANSFER = 1L << 30;

  private final Path path;
  private final Path channelPath;
  private final Set<OpenOption> channelOptions;
  private final long number;
  private final int alignment;
  private final boolean zeroFill;
  private final @Nullable Posix posix;
  private final FileErrors errors;
  private final Object lifecycle = new Object();
  private final List<Runnable> closeListeners = new ArrayList<>();
  private volatile FileChannel channel;
  private volatile boolean closed;

  /**
   * @param path the name it was opened with
   * @param channelPath what reaches the open file again: the descriptor under {@code /proc}, or the
   *     name
   * @param channelOptions how the channel is opened, never creating or cutting
   * @param number the descriptor, or a number unique among open files where there is none
   * @param alignment what direct access needs, 1 if not direct
   * @param zeroFill whether zeros are written where the file system cannot reserve
   * @param posix owns the descriptor; null where {@code number} is none
   */
  ChannelFile(
      Path path,
      Path channelPath,
      Set<OpenOption> channelOptions,
      FileChannel channel,
      long number,
      int alignment,
      boolean zeroFill,
      @Nullable Posix posix,
      FileErrors errors) {
    this.path = path;
    this.channelPath = channelPath;
    this.channelOptions = channelOptions;
    this.channel = channel;
    this.number = number;
    this.alignment = alignment;
    this.zeroFill = zeroFill;
    this.posix = posix;
    this.errors = errors;
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
  public int posixDescriptor() {
    return posix == null || closed ? NO_DESCRIPTOR : (int) number;
  }

  @Override
  public void addCloseListener(Runnable listener) {
    synchronized (lifecycle) {
      closeListeners.add(listener);
    }
  }

  @Override
  public void removeCloseListener(Runnable listener) {
    synchronized (lifecycle) {
      closeListeners.remove(listener);
    }
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
    return perform("look at", 0, FileChannel::size);
  }

  @Override
  public int read(long position, MemorySegment target) {
    ByteBuffer buffer = bufferOf(position, target);
    return (int) perform("read", 0, channel -> channel.read(buffer.duplicate(), position));
  }

  @Override
  public int write(long position, MemorySegment source) {
    ByteBuffer buffer = bufferOf(position, source);
    return (int)
        perform("write", source.byteSize(), channel -> channel.write(buffer.duplicate(), position));
  }

  @Override
  public void sync(boolean metadata) {
    perform(
        "sync",
        0,
        channel -> {
          channel.force(metadata);
          return 0;
        });
  }

  @Override
  public void allocate(long position, long length) {
    requireRange(position, length);
    long before = byteSize();
    try {
      if (!reserved(position, length)) {
        if (zeroFill) {
          ZeroFill.extend(this, Math.max(before, position + length));
        } else {
          truncate(Math.max(before, position + length));
        }
      }
    } catch (CapacityException e) {
      truncate(before);
      throw e;
    }
  }

  /** Asks the file system to reserve; false where it cannot. */
  private boolean reserved(long position, long length) {
    Posix calls = posix;
    if (calls == null) {
      return false;
    }
    synchronized (lifecycle) {
      requireOpen();
      int result = calls.fallocate((int) number, 0, position, length);
      if (result < 0 && !Errno.isMissingOperation(-result)) {
        throw errors.of(-result, "reserve " + length + " bytes in", path, length);
      }
      return result == 0;
    }
  }

  @Override
  public boolean punch(long position, long length) {
    requireRange(position, length);
    if (punched(position, length)) {
      return true;
    }
    long end = Math.min(byteSize(), position + length);
    if (position < end) {
      AlignedIo.standalone().fill(this, (byte) 0, position, end - position);
    }
    return false;
  }

  private boolean punched(long position, long length) {
    Posix calls = posix;
    if (calls == null) {
      return false;
    }
    synchronized (lifecycle) {
      requireOpen();
      int mode = Posix.FALLOCATE_PUNCH_HOLE | Posix.FALLOCATE_KEEP_SIZE;
      int result = calls.fallocate((int) number, mode, position, length);
      if (result < 0 && !Errno.isMissingOperation(-result)) {
        throw errors.of(-result, "punch a hole of " + length + " bytes into", path, 0);
      }
      return result == 0;
    }
  }

  @Override
  public void truncate(long byteSize) {
    if (byteSize < 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "file length " + byteSize + " of " + path + " is negative");
    }
    Posix calls = posix;
    if (calls == null) {
      truncateByChannel(byteSize);
      return;
    }
    synchronized (lifecycle) {
      requireOpen();
      int result = calls.truncate((int) number, byteSize);
      if (result < 0) {
        throw errors.of(-result, "set the length of", path, byteSize);
      }
    }
  }

  /** A channel only cuts; to extend, the new last page is written and the surplus cut off. */
  private void truncateByChannel(long byteSize) {
    long before = byteSize();
    if (byteSize > before) {
      long start = Pages.down(byteSize - 1, alignment);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment last = arena.allocate(alignment, alignment);
        if (start < before) {
          AlignedIo.readPages(this, start, last); // the file ended in this page: keep its bytes
        }
        writeFully(start, last);
      }
    }
    perform(
        "set the length of",
        byteSize,
        channel -> {
          channel.truncate(byteSize);
          return 0;
        });
  }

  @Override
  public @Nullable MemorySegment tryMap(long position, long byteSize, Arena arena) {
    if (posix == null) {
      return null;
    }
    requireRange(position, byteSize);
    MemorySegment[] mapped = new MemorySegment[1];
    perform(
        "map",
        byteSize,
        channel -> {
          mapped[0] = mapOnce(channel, position, byteSize, arena);
          return 0;
        });
    return mapped[0];
  }

  private MemorySegment mapOnce(FileChannel channel, long position, long byteSize, Arena arena)
      throws IOException {
    if (channel.size() < position + byteSize) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "%s has %d bytes, cannot map up to byte %d"
              .formatted(path, channel.size(), position + byteSize));
    }
    try {
      return channel.map(FileChannel.MapMode.READ_ONLY, position, byteSize, arena);
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException | OutOfMemoryError e) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "cannot map %d bytes of %s: %s; map less, or raise ulimit -v or vm.max_map_count"
              .formatted(byteSize, path, e.getMessage()),
          byteSize,
          0,
          e);
    }
  }

  @Override
  public void close() {
    synchronized (lifecycle) {
      if (closed) {
        return;
      }
      closed = true;
      closeListeners.forEach(Runnable::run);
      closeListeners.clear();
      try {
        channel.close();
      } catch (IOException e) {
        throw errors.translate(e, "close", path);
      } finally {
        if (posix != null) {
          posix.close((int) number);
        }
      }
    }
  }

  /**
   * Runs a call, again after an interrupt. The interrupt may have come when the bytes had moved
   * already, so a call starts from the beginning each time.
   */
  private long perform(String action, long requested, ChannelCall call) {
    boolean interrupted = false;
    try {
      while (true) {
        FileChannel current = channel;
        try {
          return call.on(current);
        } catch (ClosedChannelException e) {
          interrupted |= Thread.interrupted();
          reopen(current, e);
        } catch (NonReadableChannelException | NonWritableChannelException e) {
          throw new CallerException(
              ErrorCode.INVALID_ARGUMENT,
              "cannot " + action + " " + path + ": not opened for it",
              e);
        } catch (IOException e) {
          throw errors.translate(e, action, path, requested);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void reopen(FileChannel broken, ClosedChannelException cause) {
    synchronized (lifecycle) {
      requireOpen();
      if (channel != broken) {
        return;
      }
      if (posix == null) {
        throw new BackendException(
            ErrorCode.OPERATION_FAILED,
            path + " was closed by an interrupt; use it on threads that are never interrupted",
            cause);
      }
      try {
        channel = FileChannel.open(channelPath, channelOptions);
      } catch (IOException e) {
        throw errors.translate(e, "open again", path);
      }
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, path + " is closed");
    }
  }

  private ByteBuffer bufferOf(long position, MemorySegment memory) {
    long length = Math.min(memory.byteSize(), MAX_TRANSFER);
    if (position < 0) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS, "position " + position + " in " + path + " is negative");
    }
    if (!memory.isNative()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, path + " needs off-heap memory to read or write");
    }
    if (isDirect() && ((position | length | memory.address()) & (alignment - 1)) != 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "direct access to %s needs multiples of %d, got position %d, length %d, address 0x%x"
              .formatted(path, alignment, position, memory.byteSize(), memory.address()));
    }
    return memory.asSlice(0, length).asByteBuffer();
  }

  private void requireRange(long position, long length) {
    if (position < 0 || length <= 0 || position > Long.MAX_VALUE - length) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "bytes [%d, %d + %d) are no range of a file (%s)"
              .formatted(position, position, length, path));
    }
  }

  @Override
  public String toString() {
    return path + (isDirect() ? " (direct)" : " (buffered)");
  }

  @FunctionalInterface
  private interface ChannelCall {
    long on(FileChannel channel) throws IOException;
  }
}
