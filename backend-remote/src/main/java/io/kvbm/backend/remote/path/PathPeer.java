package io.kvbm.backend.remote.path;

import java.lang.foreign.MemorySegment;

/** A peer, as a path reaches it. Threading: safe from any thread. */
public interface PathPeer extends AutoCloseable {

  /**
   * Opens memory of the peer.
   *
   * @param key its {@link PathExport#key}
   * @param address its {@link PathExport#address}
   * @param byteSize its length in bytes
   * @return the caller closes it, after everything that uses it has ended
   */
  PathMemory open(byte[] key, long address, long byteSize);

  /**
   * Copies bytes of the peer here; returns without waiting.
   *
   * @param source memory opened with this peer
   * @param offset the first byte, in bytes
   * @param target native memory; its length says how many bytes; untouched after completion
   * @param completion told once, on any thread
   */
  void read(PathMemory source, long offset, MemorySegment target, PathCompletion completion);

  /**
   * Copies bytes to the peer; returns without waiting. Complete means that they are there.
   *
   * @param source native memory; its length says how many bytes; untouched after completion
   * @param target memory opened with this peer
   * @param offset the first byte, in bytes
   * @param completion told once, on any thread
   */
  void write(MemorySegment source, PathMemory target, long offset, PathCompletion completion);

  /** {@return whether the connection has not failed, as far as is known} */
  boolean isConnected();

  /** Fails what is in flight, waits until its memory is touched no more, and ends. */
  @Override
  void close();
}
