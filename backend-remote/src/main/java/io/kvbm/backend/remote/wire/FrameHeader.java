package io.kvbm.backend.remote.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The first 32 bytes of every frame, little endian: type, status, flags (16 bits), length of the
 * body, length of the payload, CRC32C of the payload, number (64 bits), CRC32C of the body, CRC32C
 * of the 28 bytes before. The body follows, then the payload.
 *
 * @param type what the frame is
 * @param status {@link #OK} or {@link #REFUSED}
 * @param checked whether the payload's checksum is given
 * @param body length of the body in bytes
 * @param payload length of the payload in bytes
 * @param payloadCrc CRC32C of the payload, 0 where it is not checked
 * @param number of a request: one more than that of the request before; of an answer: the request's
 * @param bodyCrc CRC32C of the body
 */
public record FrameHeader(
    FrameType type,
    int status,
    boolean checked,
    int body,
    int payload,
    int payloadCrc,
    long number,
    int bodyCrc) {

  /** Length of a header in bytes. */
  public static final int BYTE_SIZE = 32;

  /** The request was carried out. */
  public static final int OK = 0;

  /** It was not; the body says why. */
  public static final int REFUSED = 1;

  private static final int CHECKED = 1;
  private static final int CRC_AT = 28;

  /**
   * {@return the header of a request without payload}
   *
   * @param type what is asked for
   * @param number of the request
   * @param body follows the header
   */
  public static FrameHeader request(FrameType type, long number, byte[] body) {
    return new FrameHeader(type, OK, false, body.length, 0, 0, number, crc(ByteBuffer.wrap(body)));
  }

  /**
   * Reads a header and checks its checksum, and its lengths before anybody allocates by them.
   *
   * @param bytes 32 bytes from the position, in any order
   * @param limits what is accepted
   * @return the header
   * @throws WireException if it is damaged, unknown or over a limit
   */
  public static FrameHeader read(ByteBuffer bytes, Limits limits) throws WireException {
    ByteBuffer header = bytes.slice(bytes.position(), BYTE_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    if (crc(header.duplicate().limit(CRC_AT)) != header.getInt(CRC_AT)) {
      throw new WireException("the header of a frame is damaged", true);
    }
    FrameType type = FrameType.of(header.get(0));
    int status = header.get(1) & 0xFF;
    int flags = header.getShort(2) & 0xFFFF;
    int body = header.getInt(4);
    int payload = header.getInt(8);
    if (type == null || status > REFUSED || flags > CHECKED) {
      throw new WireException("a frame is of no known type, status or flags", false);
    }
    if (body < 0 || body > limits.body() || payload < 0 || payload > limits.payload()) {
      throw new WireException(
          "a frame of %d + %d bytes is over the limit of %d + %d"
              .formatted(
                  Integer.toUnsignedLong(body),
                  Integer.toUnsignedLong(payload),
                  limits.body(),
                  limits.payload()),
          false);
    }
    if (payload > 0 && (!type.hasPayload() || status != OK)) {
      throw new WireException("a frame of type %s has no payload".formatted(type), false);
    }
    return new FrameHeader(
        type,
        status,
        flags == CHECKED,
        body,
        payload,
        header.getInt(12),
        header.getLong(16),
        header.getInt(24));
  }

  /**
   * Writes this header.
   *
   * @param target takes 32 bytes from its position, which moves behind them
   */
  public void write(ByteBuffer target) {
    ByteBuffer header = target.slice(target.position(), BYTE_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    header.put(0, (byte) type.code());
    header.put(1, (byte) status);
    header.putShort(2, (short) (checked ? CHECKED : 0));
    header.putInt(4, body);
    header.putInt(8, payload);
    header.putInt(12, payloadCrc);
    header.putLong(16, number);
    header.putInt(24, bodyCrc);
    header.putInt(CRC_AT, crc(header.duplicate().limit(CRC_AT)));
    target.position(target.position() + BYTE_SIZE);
  }

  private static int crc(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }
}
