package io.kvbm.api.store;

import io.kvbm.api.Stability;
import java.lang.foreign.MemorySegment;

/**
 * The bytes of a sealed, uncompressed object mapped into memory, read only, aligned to 64 bytes. Do
 * not run checksum or decompression intrinsics on it: an I/O error under a mapping ends the JVM.
 * Closing unmaps.
 */
@Stability(Stability.Level.STABLE)
public interface MappedObject extends AutoCloseable {

  /** {@return the bytes; valid until closed} */
  MemorySegment segment();

  @Override
  void close();
}
