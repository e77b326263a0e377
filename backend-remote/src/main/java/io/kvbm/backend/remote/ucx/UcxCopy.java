package io.kvbm.backend.remote.ucx;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.backend.remote.path.PathCompletion;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** One read or write on its way. After it was submitted only the path's thread looks at it. */
final class UcxCopy {

  final UcxPeer peer;
  final UcxRemoteMemory memory;
  final boolean isWrite;
  private final MemorySegment local; // Keeps an automatic arena's memory as long as UCX uses it.
  private final PathCompletion completion;
  private final long address;
  private long done;

  /** How many bytes UCX has now. */
  long chunk;

  /** When it has taken too long, by {@link System#nanoTime}. */
  long deadline;

  /** Whether it has. */
  boolean isLate;

  /** Where it is among the active ones. */
  int index = -1;

  UcxCopy(
      UcxPeer peer,
      UcxRemoteMemory memory,
      long offset,
      MemorySegment local,
      boolean isWrite,
      PathCompletion completion) {
    this.peer = peer;
    this.memory = memory;
    this.address = memory.address() + offset;
    this.local = local;
    this.isWrite = isWrite;
    this.completion = completion;
  }

  long localAddress() {
    return local.address() + done;
  }

  long remoteAddress() {
    return address + done;
  }

  long remaining() {
    return local.byteSize() - done;
  }

  void advance() {
    done += chunk;
    chunk = 0;
  }

  KvbmException late() {
    return new TransientException(
        ErrorCode.DEADLINE_EXCEEDED,
        "%s of %d bytes at %s took too long after %d: its connection is given up"
            .formatted(isWrite ? "write" : "read", local.byteSize(), peer.label(), done));
  }

  void end(@Nullable KvbmException failure) {
    try {
      completion.ended(failure);
    } catch (RuntimeException | Error e) {
      System.getLogger(UcxCopy.class.getName())
          .log(System.Logger.Level.ERROR, "a completion must not throw", e);
    }
  }
}
