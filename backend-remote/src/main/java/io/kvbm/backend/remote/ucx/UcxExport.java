package io.kvbm.backend.remote.ucx;

import io.kvbm.backend.remote.path.PathExport;
import java.lang.foreign.MemorySegment;

/** Memory of this process, registered with UCX. */
final class UcxExport implements PathExport {

  private final UcxPath path;
  private final MemorySegment bytes; // Keeps an automatic arena's memory while it is registered.
  private final long handle;
  private final byte[] key;

  UcxExport(UcxPath path, MemorySegment bytes, long handle, byte[] key) {
    this.path = path;
    this.bytes = bytes;
    this.handle = handle;
    this.key = key;
  }

  long handle() {
    return handle;
  }

  @Override
  public byte[] key() {
    return key;
  }

  @Override
  public long address() {
    return bytes.address();
  }

  @Override
  public void close() {
    path.withdraw(this);
  }
}
