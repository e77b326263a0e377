package io.kvbm.backend.disk.object;

import io.kvbm.api.KvbmException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Says when a checkpoint is written. One that cannot be written is left out: it only makes an
 * opening faster. Threading: safe from any thread; one at a time writes.
 */
final class Checkpointing {

  /** So many bytes of log must have been written for each byte of the checkpoint before. */
  private static final long PART = 4;

  private static final long ENTRY_BYTE_SIZE = 100;

  private final Checkpoints checkpoints;
  private final Index index;
  private final CommitLog log;
  private final long byteSize;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile long writtenAt;
  private volatile long lastSequence = -1;

  /**
   * @param byteSize of log after which one is due
   */
  Checkpointing(Checkpoints checkpoints, Index index, CommitLog log, long byteSize) {
    this.checkpoints = checkpoints;
    this.index = index;
    this.log = log;
    this.byteSize = byteSize;
  }

  /** Writes one where enough was written since the last; not while another thread does. */
  void writeIfDue() {
    long distance = Math.max(byteSize, PART * ENTRY_BYTE_SIZE * index.count());
    if (log.appendedByteSize() - writtenAt >= distance && lock.tryLock()) {
      try {
        writeLocked();
      } finally {
        lock.unlock();
      }
    }
  }

  /** Writes one where anything changed since the last. */
  void write() {
    lock.lock();
    try {
      writeLocked();
    } finally {
      lock.unlock();
    }
  }

  private void writeLocked() {
    LogState position = log.state();
    if (position.recordStart() == 0
        || position.lastSequence() == lastSequence
        || !log.isHealthy()) {
      return;
    }
    writtenAt = log.appendedByteSize();
    try {
      checkpoints.write(index, position, this::durableSequence);
      lastSequence = position.lastSequence();
    } catch (KvbmException e) {
      // The log has it all; what is half written is known by its checksum.
    }
  }

  /** Everything the index showed was written by now. */
  private long durableSequence() {
    long written = log.state().lastSequence();
    log.sync(written);
    return written;
  }
}
