package io.kvbm.api.codec;

import io.kvbm.api.CallerException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.lang.foreign.MemorySegment;

/**
 * Compresses and expands. Found by {@link java.util.ServiceLoader}; stateless and safe from any
 * thread.
 *
 * <p>A decompressor is native code that trusts its input more than it should: keep what a codec
 * wrote in a {@link CodecFrame}, which verifies a checksum of the compressed bytes before it calls
 * {@link #decode}.
 *
 * <p>Segments may lie on or off the heap and have any length; the source may be read-only. The
 * memory must stay alive until the call returns. Source and target must not overlap.
 */
@Stability(Stability.Level.PREVIEW)
public interface Codec {

  /** {@return the name, {@code [a-z][a-z0-9-]{0,62}}; stored in headers, so it never changes} */
  String name();

  /** {@return the levels {@link #withLevel} takes} */
  default CodecLevels levels() {
    return CodecLevels.ONE;
  }

  /**
   * {@return this codec at another level; name and encoded format are the same, so that any level
   * decodes what another one encoded}
   *
   * @param level within {@link #levels()}
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if the level is out of range
   */
  default Codec withLevel(int level) {
    levels().require(name(), level);
    return this;
  }

  /**
   * {@return the most bytes that so many can become}
   *
   * @param byteSize bytes before compression
   */
  long maxEncodedByteSize(long byteSize);

  /**
   * Compresses.
   *
   * @param source what to compress; not changed
   * @param target at least {@link #maxEncodedByteSize} bytes
   * @return how many bytes were written
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if the target is shorter, with
   *     {@link ErrorCode#INVALID_ARGUMENT} if the two overlap; nothing was written
   */
  long encode(MemorySegment source, MemorySegment target);

  /**
   * Expands.
   *
   * @param source what {@link #encode} wrote, whole; not changed
   * @param target exactly as long as the bytes were before
   * @throws CorruptionException with {@link ErrorCode#CORRUPT} if the source is malformed or of
   *     another length; never writes outside the target, whose bytes are undefined then
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if the two overlap; nothing was
   *     written
   */
  void decode(MemorySegment source, MemorySegment target);
}
