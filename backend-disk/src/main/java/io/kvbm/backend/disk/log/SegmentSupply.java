package io.kvbm.backend.disk.log;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.DiskFile;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one segment ready to be used: the reserve that lets a log go on when others have filled the
 * disk. Blocks: called on a {@link Lane}, but for {@link #isExhausted} and {@link #isReady}.
 */
final class SegmentSupply {

  private final SegmentFiles files;
  private volatile @Nullable DiskFile ready;
  private volatile @Nullable KvbmException failure;
  private boolean closed;

  SegmentSupply(SegmentFiles files) {
    this.files = files;
  }

  /**
   * {@return whether the last try to make one failed: nothing may be appended until one does not}
   */
  boolean isExhausted() {
    return failure != null;
  }

  /** {@return whether one is ready; only who writes the log takes it} */
  boolean isReady() {
    return ready != null;
  }

  /** Makes one where none is ready. What goes wrong is told to the next that needs one. */
  synchronized void prepare() {
    try {
      require();
    } catch (KvbmException e) {
      // Kept in 'failure'; the next append tries again and tells.
    }
  }

  /** Makes one where none is ready. */
  synchronized DiskFile require() {
    DiskFile file = ready;
    if (file == null && !closed) {
      try {
        file = files.prepare();
        ready = file;
      } catch (KvbmException e) {
        failure = e;
        throw e;
      }
    }
    failure = null;
    if (file == null) {
      throw new ClosedException(ErrorCode.CLOSED, files.directory() + " is closed");
    }
    return file;
  }

  synchronized DiskFile take() {
    DiskFile file = require();
    ready = null;
    return file;
  }

  /** Closes what is ready; it stays for the next start. Later calls make nothing. */
  synchronized void close() {
    closed = true;
    DiskFile file = ready;
    ready = null;
    if (file != null) {
      file.close();
    }
  }
}
