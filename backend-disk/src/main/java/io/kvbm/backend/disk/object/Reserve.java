package io.kvbm.backend.disk.object;

import io.kvbm.api.CapacityException;
import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import java.nio.file.Path;
import java.util.Set;

/** Space kept back, so that what frees space can run on a full disk. */
final class Reserve {

  /** So many files of the log what frees space may add to a full disk or a log at its limit. */
  static final int SEGMENTS = 2;

  private final StoreFiles files;
  private final Path path;
  private final long byteSize;
  private volatile boolean held;

  Reserve(StoreFiles files, long byteSize) {
    this.files = files;
    this.path = files.directory().resolve("reserve");
    this.byteSize = byteSize;
  }

  boolean isHeld() {
    return held;
  }

  /** Takes the space back where there is some. */
  void refill() {
    if (held) {
      return;
    }
    try (DiskFile file =
        files.openBuffered(path, Set.of(OpenOption.READ, OpenOption.WRITE, OpenOption.CREATE))) {
      if (file.byteSize() < byteSize) {
        file.allocate(0, byteSize);
      }
      held = true;
    } catch (CapacityException e) {
      release(); // a part of it helps nobody
    } catch (KvbmException e) {
      held = false; // the store works without
    }
  }

  void release() {
    held = false;
    files.unlink(path);
  }
}
