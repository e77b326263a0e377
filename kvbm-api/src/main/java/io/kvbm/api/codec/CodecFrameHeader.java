package io.kvbm.api.codec;

import io.kvbm.api.CallerException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * What a {@link CodecFrame} says of its body.
 *
 * @param codec the codec's name
 * @param decodedByteSize bytes before compression
 * @param encodedByteSize bytes of the body
 * @param bodyChecksum CRC32C of the body
 */
@Stability(Stability.Level.PREVIEW)
public record CodecFrameHeader(
    String codec, long decodedByteSize, long encodedByteSize, int bodyChecksum) {

  /** The format written. */
  public static final int VERSION = 1;

  static final int BYTE_SIZE = 128;

  /** {@code KVCF} in the order of the bytes. */
  private static final int MAGIC = 0x4643564B;

  private static final int AT_VERSION = 4;
  private static final int AT_NAME_LENGTH = 6;
  private static final int AT_DECODED = 8;
  private static final int AT_ENCODED = 16;
  private static final int AT_BODY_CHECKSUM = 24;
  private static final int AT_NAME = 32;
  private static final int AT_CHECKSUM = 124;

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Checks name and sizes. */
  public CodecFrameHeader {
    if (!NAME.matcher(codec).matches() || decodedByteSize < 0 || encodedByteSize < 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "a frame of codec '%s' with %d bytes from %d cannot be"
              .formatted(codec, encodedByteSize, decodedByteSize));
    }
  }

  /** {@return bytes of header and body} */
  public long frameByteSize() {
    return BYTE_SIZE + encodedByteSize;
  }

  void writeTo(MemorySegment target) {
    MemorySegment header = target.asSlice(0, BYTE_SIZE).fill((byte) 0);
    byte[] name = codec.getBytes(StandardCharsets.US_ASCII);
    header.set(INT, 0, MAGIC);
    header.set(SHORT, AT_VERSION, (short) VERSION);
    header.set(ValueLayout.JAVA_BYTE, AT_NAME_LENGTH, (byte) name.length);
    header.set(LONG, AT_DECODED, decodedByteSize);
    header.set(LONG, AT_ENCODED, encodedByteSize);
    header.set(INT, AT_BODY_CHECKSUM, bodyChecksum);
    MemorySegment.copy(name, 0, header, ValueLayout.JAVA_BYTE, AT_NAME, name.length);
    header.set(INT, AT_CHECKSUM, Checksums.crc32c(header.asSlice(0, AT_CHECKSUM)));
  }

  /** {@return the header in so many bytes that nobody else writes to} */
  static CodecFrameHeader readFrom(MemorySegment header) {
    if (header.get(INT, 0) != MAGIC) {
      throw corrupt("these bytes are no frame: the magic differs");
    }
    if (header.get(INT, AT_CHECKSUM) != Checksums.crc32c(header.asSlice(0, AT_CHECKSUM))) {
      throw corrupt("the header of a frame is damaged: its checksum differs");
    }
    int version = Short.toUnsignedInt(header.get(SHORT, AT_VERSION));
    if (version != VERSION) {
      throw corrupt(
          "a frame has format version %d, this program reads %d; use a newer one"
              .formatted(version, VERSION));
    }
    int length = header.get(ValueLayout.JAVA_BYTE, AT_NAME_LENGTH);
    if (length < 1 || length > 63) {
      throw corrupt("the header of a frame has a codec name of " + length + " bytes");
    }
    byte[] bytes = header.asSlice(AT_NAME, length).toArray(ValueLayout.JAVA_BYTE);
    String name = new String(bytes, StandardCharsets.ISO_8859_1);
    long decoded = header.get(LONG, AT_DECODED);
    long encoded = header.get(LONG, AT_ENCODED);
    boolean stored = name.equals(CodecFrame.STORED);
    if (!NAME.matcher(name).matches()
        || decoded < 0
        || encoded < 0
        || encoded > Long.MAX_VALUE - BYTE_SIZE
        || (stored ? encoded != decoded : encoded >= decoded)) {
      throw corrupt(
          "the header of a frame contradicts itself: %d bytes from %d".formatted(encoded, decoded));
    }
    return new CodecFrameHeader(name, decoded, encoded, header.get(INT, AT_BODY_CHECKSUM));
  }

  private static CorruptionException corrupt(String message) {
    return new CorruptionException(ErrorCode.CORRUPT, message);
  }
}
