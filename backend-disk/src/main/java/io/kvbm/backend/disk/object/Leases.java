package io.kvbm.backend.disk.object;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.disk.Disk.DiskLock;
import io.kvbm.api.disk.Disk.OpenOption;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/** Says which readers of snapshots there are: each holds a lock, which ends with its process. */
final class Leases {

  private static final AtomicLong NEXT = new AtomicLong();

  private final StoreFiles files;

  Leases(StoreFiles files) {
    this.files = files;
  }

  /** {@return a lease; while it is held no file of the log goes away} */
  DiskLock take() {
    files.disk().createDirectories(files.readers());
    long pid = ProcessHandle.current().pid();
    Path path = files.readers().resolve(pid + "-" + NEXT.getAndIncrement() + ".lease");
    DiskLock lock = lock(path);
    return () -> {
      lock.close();
      files.unlink(path);
    };
  }

  /** Whoever asks for leases removes one that is not locked yet, so it is looked at again. */
  private DiskLock lock(Path path) {
    while (true) {
      try {
        files.openBuffered(path, Set.of(OpenOption.WRITE, OpenOption.CREATE)).close();
        DiskLock lock = files.disk().lock(path);
        if (files.disk().exists(path)) {
          return lock;
        }
        lock.close();
      } catch (TransientException e) {
        Thread.onSpinWait(); // looked at just now
      } catch (CallerException e) {
        if (e.code() != ErrorCode.NOT_FOUND) {
          throw e;
        }
      }
    }
  }

  /** {@return whether somebody reads; leases of readers that died are removed} */
  boolean areHeld() {
    if (!files.disk().exists(files.readers())) {
      return false;
    }
    boolean held = false;
    for (Path path : files.disk().list(files.readers())) {
      // Removed while it is locked: a reader may be about to lock it.
      try (DiskLock _ = files.disk().lock(path)) {
        files.unlink(path);
      } catch (TransientException e) {
        held = true;
      } catch (CallerException e) {
        if (e.code() != ErrorCode.NOT_FOUND) {
          throw e;
        }
      }
    }
    return held;
  }
}
