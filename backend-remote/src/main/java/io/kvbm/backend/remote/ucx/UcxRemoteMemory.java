package io.kvbm.backend.remote.ucx;

import io.kvbm.backend.remote.path.PathMemory;

/** Memory of a peer. Its key is unpacked by the path's thread when it is first used. */
final class UcxRemoteMemory implements PathMemory {

  private final UcxPeer peer;
  private final byte[] packed;
  private final long address;
  private final long byteSize;
  private volatile boolean closed;

  /** UCX's handle, 0 if there is none; for the path's thread. */
  long key;

  UcxRemoteMemory(UcxPeer peer, byte[] packed, long address, long byteSize) {
    this.peer = peer;
    this.packed = packed;
    this.address = address;
    this.byteSize = byteSize;
  }

  UcxPeer peer() {
    return peer;
  }

  byte[] packed() {
    return packed;
  }

  long address() {
    return address;
  }

  boolean isClosed() {
    return closed;
  }

  @Override
  public long byteSize() {
    return byteSize;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      peer.forget(this);
    }
  }
}
