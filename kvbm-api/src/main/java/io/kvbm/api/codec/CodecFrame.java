package io.kvbm.api.codec;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Encoded bytes behind a header that says what they are; {@code docs/formats.md} has the layout.
 *
 * <p>{@link #decode} checks in this order: length, magic and checksum of the header, its version
 * and fields, the decoded size against the target, the checksum of the body; only then it calls the
 * codec. What does not get smaller is stored as it is, under the codec name {@value #STORED}, which
 * needs no codec.
 *
 * <p>A frame in a mapped file is copied first: a checksum or a decompressor that meets a page which
 * is gone would end the JVM, while a copy only fails. Only a segment whose {@link
 * MemorySegment#isMapped()} says so is known to be mapped; memory mapped by foreign calls must be
 * copied by the caller. Nobody may write to a frame while it is decoded. Threading: safe from any
 * thread.
 */
@Stability(Stability.Level.PREVIEW)
public final class CodecFrame {

  /** Bytes before the body. */
  public static final int HEADER_BYTE_SIZE = CodecFrameHeader.BYTE_SIZE;

  /** The codec name of a body that is stored as it was. */
  public static final String STORED = "none";

  private CodecFrame() {}

  /**
   * {@return the most bytes a frame of so many bytes takes}
   *
   * @param codec what will encode them
   * @param byteSize bytes before compression
   */
  public static long maxByteSize(Codec codec, long byteSize) {
    return HEADER_BYTE_SIZE + Math.max(byteSize, codec.maxEncodedByteSize(byteSize));
  }

  /**
   * Writes a frame.
   *
   * @param codec what encodes the body
   * @param source the bytes; not changed
   * @param target at least {@link #maxByteSize} bytes, apart from the source
   * @return how many bytes the frame has
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if the target is shorter, with
   *     {@link ErrorCode#INVALID_ARGUMENT} if the two overlap; nothing was written
   */
  public static long encode(Codec codec, MemorySegment source, MemorySegment target) {
    long byteSize = source.byteSize();
    requireApart(source, target);
    long atMost = maxByteSize(codec, byteSize);
    if (target.byteSize() < atMost) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "a frame of %d bytes by codec %s takes up to %d bytes, the target has %d"
              .formatted(byteSize, codec.name(), atMost, target.byteSize()));
    }
    String name = codec.name();
    MemorySegment body = target.asSlice(HEADER_BYTE_SIZE);
    long encoded = name.equals(STORED) ? byteSize : codec.encode(source, body);
    if (name.equals(STORED) || encoded >= byteSize) {
      MemorySegment.copy(source, 0, body, 0, byteSize);
      name = STORED;
      encoded = byteSize;
    }
    int checksum = Checksums.crc32c(body.asSlice(0, encoded));
    new CodecFrameHeader(name, byteSize, encoded, checksum).writeTo(target);
    return HEADER_BYTE_SIZE + encoded;
  }

  /**
   * {@return the checked header of a frame}
   *
   * @param frame the frame, or at least its first {@link #HEADER_BYTE_SIZE} bytes
   * @throws CorruptionException with {@link ErrorCode#CORRUPT} if it is not one
   */
  public static CodecFrameHeader header(MemorySegment frame) {
    if (frame.byteSize() < HEADER_BYTE_SIZE) {
      throw new CorruptionException(
          ErrorCode.CORRUPT,
          "a frame has at least %d bytes, this one %d"
              .formatted(HEADER_BYTE_SIZE, frame.byteSize()));
    }
    try (Arena arena = Arena.ofConfined()) {
      // A copy in any case: what was checked must be what is used.
      MemorySegment header = arena.allocate(HEADER_BYTE_SIZE, Long.BYTES);
      copy(frame, header);
      return CodecFrameHeader.readFrom(header);
    }
  }

  /**
   * Checks a frame and expands it to the start of the target.
   *
   * @param frame exactly one frame; not changed
   * @param target at least as long as the bytes were, apart from the frame; undefined on failure
   * @param codecs those that may be asked
   * @return how many bytes were written
   * @throws CorruptionException with {@link ErrorCode#CORRUPT} if the frame is damaged
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if the bytes do not fit the
   *     target, with {@link ErrorCode#INVALID_ARGUMENT} if the two overlap
   * @throws ConfigurationException with {@link ErrorCode#BACKEND_UNAVAILABLE} if the codec is not
   *     installed, listing those that are
   */
  public static long decode(MemorySegment frame, MemorySegment target, CodecCatalog codecs) {
    requireApart(frame, target);
    CodecFrameHeader header = header(frame);
    if (header.frameByteSize() != frame.byteSize()) {
      throw new CorruptionException(
          ErrorCode.CORRUPT,
          "the header tells of a frame of %d bytes, there are %d"
              .formatted(header.frameByteSize(), frame.byteSize()));
    }
    if (header.decodedByteSize() > target.byteSize()) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "the frame expands to %d bytes, the target has %d"
              .formatted(header.decodedByteSize(), target.byteSize()));
    }
    MemorySegment body = frame.asSlice(HEADER_BYTE_SIZE);
    MemorySegment bytes = target.asSlice(0, header.decodedByteSize());
    if (!body.isMapped()) {
      expand(header, body, bytes, codecs);
      return bytes.byteSize();
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment copy = arena.allocate(Math.max(1, body.byteSize()), Long.BYTES);
      MemorySegment read = copy.asSlice(0, body.byteSize());
      copy(body, read);
      expand(header, read, bytes, codecs);
    }
    return bytes.byteSize();
  }

  private static void expand(
      CodecFrameHeader header, MemorySegment body, MemorySegment target, CodecCatalog codecs) {
    if (Checksums.crc32c(body) != header.bodyChecksum()) {
      throw new CorruptionException(
          ErrorCode.CORRUPT,
          "the body of a frame of %d bytes has another checksum than its header says"
              .formatted(header.frameByteSize()));
    }
    if (header.codec().equals(STORED)) {
      MemorySegment.copy(body, 0, target, 0, target.byteSize());
    } else {
      codecs.require(header.codec()).decode(body, target);
    }
  }

  /** Copies as much as the target takes; a mapped page that is gone fails instead of crashing. */
  private static void copy(MemorySegment source, MemorySegment target) {
    try {
      MemorySegment.copy(source, 0, target, 0, target.byteSize());
    } catch (InternalError e) {
      throw new BackendException(
          ErrorCode.OPERATION_FAILED,
          "a mapped frame cannot be read: its file was cut or its device failed",
          e);
    }
  }

  private static void requireApart(MemorySegment source, MemorySegment target) {
    if (source.asOverlappingSlice(target).isPresent()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "source and target of a frame overlap; keep them apart");
    }
  }
}
