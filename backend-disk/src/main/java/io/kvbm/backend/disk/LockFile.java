package io.kvbm.backend.disk;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.disk.Disk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A held lock: a file of its own, locked as a whole, that says which process holds it.
 *
 * <p>The kernel drops a process's lock when it closes any descriptor of the file, so this process
 * asks its own list before it opens one. The file stays when the lock ends: removing it would race
 * with the next holder.
 */
final class LockFile implements Disk.DiskLock {

  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();
  private static final int MAX_PID_TEXT = 32;

  private final Path key;
  private final FileChannel channel;

  private LockFile(Path key, FileChannel channel) {
    this.key = key;
    this.channel = channel;
  }

  static LockFile acquire(Path path) throws IOException {
    try {
      Files.createFile(path);
    } catch (FileAlreadyExistsException e) {
      // Left by an earlier holder.
    }
    Path key = path.toRealPath();
    if (!HELD.add(key)) {
      throw held(path, "this process, pid " + ProcessHandle.current().pid());
    }
    FileChannel channel = null;
    try {
      channel = FileChannel.open(key, StandardOpenOption.READ, StandardOpenOption.WRITE);
      if (tryLock(channel) == null) {
        throw held(path, holder(channel));
      }
      LockFile lock = new LockFile(key, channel);
      lock.signWithPid();
      return lock;
    } catch (IOException | RuntimeException e) {
      release(key, channel);
      throw e;
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // Another copy of this class, loaded beside us, holds it.
      return null;
    }
  }

  private void signWithPid() throws IOException {
    String text = ProcessHandle.current().pid() + "\n";
    channel.truncate(0);
    channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)), 0);
  }

  private static String holder(FileChannel channel) throws IOException {
    ByteBuffer text = ByteBuffer.allocate(MAX_PID_TEXT);
    channel.read(text, 0);
    String pid = new String(text.array(), 0, text.position(), StandardCharsets.US_ASCII).strip();
    return pid.matches("\\d+") ? "process " + pid : "a process that did not say which";
  }

  private static TransientException held(Path path, String holder) {
    return new TransientException(
        ErrorCode.LOCKED, path + " is locked by " + holder + "; stop it or use another directory");
  }

  private static void release(Path key, @Nullable FileChannel channel) throws IOException {
    try {
      if (channel != null) {
        channel.close();
      }
    } finally {
      HELD.remove(key);
    }
  }

  /** Ends the lock. Later calls do nothing. */
  @Override
  public void close() {
    if (!channel.isOpen()) {
      return;
    }
    try {
      release(key, channel);
    } catch (IOException e) {
      throw new BackendException(ErrorCode.OPERATION_FAILED, "cannot unlock " + key + ": " + e, e);
    }
  }
}
