package io.kvbm.api.codec;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.lang.foreign.MemorySegment;

/**
 * Compresses and expands. Found by {@link java.util.ServiceLoader}; stateless and safe from any
 * thread.
 *
 * <p>The caller keeps the expanded length in a checked header and verifies a checksum of the
 * compressed bytes before it calls {@link #decode}.
 */
@Stability(Stability.Level.PREVIEW)
public interface Codec {

  /** {@return the name, {@code [a-z][a-z0-9-]{0,62}}; stored in headers, so it never changes} */
  String name();

  /**
   * {@return the most bytes that so many can become}
   *
   * @param byteSize bytes before compression
   */
  long maxEncodedByteSize(long byteSize);

  /**
   * Compresses.
   *
   * @param source what to compress
   * @param target at least {@link #maxEncodedByteSize} bytes
   * @return how many bytes were written
   */
  long encode(MemorySegment source, MemorySegment target);

  /**
   * Expands.
   *
   * @param source what {@link #encode} wrote, whole
   * @param target exactly as long as the bytes were before
   * @throws CorruptionException with {@link ErrorCode#CORRUPT} if the source is malformed or of
   *     another length; never writes outside the target
   */
  void decode(MemorySegment source, MemorySegment target);
}
