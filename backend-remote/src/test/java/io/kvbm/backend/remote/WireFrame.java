package io.kvbm.backend.remote;

import io.kvbm.backend.remote.wire.FrameHeader;
import io.kvbm.backend.remote.wire.FrameType;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32C;

/**
 * A frame as a test makes or reads it, with right checksums whatever else is wrong.
 *
 * @param bodyLength what the header says, -1 for the truth
 * @param payloadLength what the header says, -1 for the truth
 */
record WireFrame(
    int type,
    int status,
    int flags,
    long number,
    byte[] body,
    byte[] payload,
    int bodyLength,
    int payloadLength) {

  private static final long[] EDGES = {
    0,
    1,
    -1,
    127,
    128,
    255,
    4096,
    65_536,
    65_537,
    1 << 20,
    (1 << 20) + 1,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    Long.MAX_VALUE - 4095
  };

  static WireFrame of(FrameType type, byte[] body) {
    return new WireFrame(type.code(), 0, 0, 0, body, new byte[0], -1, -1);
  }

  WireFrame withPayload(byte[] bytes) {
    return new WireFrame(type, status, 1, number, body, bytes, -1, -1);
  }

  WireFrame withNumber(long next) {
    return new WireFrame(type, status, flags, next, body, payload, bodyLength, payloadLength);
  }

  boolean is(FrameType one) {
    return type == one.code();
  }

  /** {@return whether it says as much as it promises} */
  boolean isWhole() {
    return bodyLength < 0 && payloadLength < 0;
  }

  private static int crc(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  byte[] encode() {
    ByteBuffer all =
        ByteBuffer.allocate(FrameHeader.BYTE_SIZE + body.length + payload.length)
            .order(ByteOrder.LITTLE_ENDIAN);
    all.put((byte) type).put((byte) status).putShort((short) flags);
    all.putInt(bodyLength < 0 ? body.length : bodyLength);
    all.putInt(payloadLength < 0 ? payload.length : payloadLength);
    all.putInt((flags & 1) == 0 ? 0 : crc(ByteBuffer.wrap(payload)));
    all.putLong(number).putInt(crc(ByteBuffer.wrap(body)));
    all.putInt(crc(all.duplicate().flip())).put(body).put(payload);
    return all.array();
  }

  /** {@return the next frame, or null at the end} */
  static WireFrame read(DataInputStream in) throws IOException {
    byte[] head = new byte[FrameHeader.BYTE_SIZE];
    try {
      in.readFully(head);
    } catch (EOFException _) {
      return null;
    }
    ByteBuffer header = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
    byte[] body = new byte[header.getInt(4)];
    byte[] payload = new byte[header.getInt(8)];
    in.readFully(body);
    in.readFully(payload);
    return new WireFrame(
        head[0] & 0xFF,
        head[1] & 0xFF,
        header.getShort(2),
        header.getLong(16),
        body,
        payload,
        -1,
        -1);
  }

  /** {@return this frame with one to three things wrong, mostly in its body} */
  WireFrame mutated(Random random) {
    WireFrame changed = this;
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      changed = changed.changed(random);
    }
    return changed;
  }

  private WireFrame changed(Random random) {
    FrameType[] types = FrameType.values();
    return switch (random.nextInt(24)) {
      case 0 -> with(types[random.nextInt(types.length)].code(), status, flags, body);
      case 1 -> with(random.nextInt(256), status, flags, body);
      case 2 -> with(type, random.nextInt(4), flags, body);
      case 3 -> with(type, status, random.nextInt(4), body);
      case 4 -> withNumber(number + random.nextInt(7) - 3);
      case 5 ->
          new WireFrame(
              type, status, flags, number, body, payload, (int) edge(random), payloadLength);
      case 6 ->
          new WireFrame(type, status, flags, number, body, payload, bodyLength, (int) edge(random));
      default -> with(type, status, flags, changedBody(random));
    };
  }

  private WireFrame with(int newType, int newStatus, int newFlags, byte[] newBody) {
    return new WireFrame(
        newType, newStatus, newFlags, number, newBody, payload, bodyLength, payloadLength);
  }

  private static long edge(Random random) {
    return EDGES[random.nextInt(EDGES.length)];
  }

  private byte[] changedBody(Random random) {
    if (body.length == 0 || random.nextInt(8) == 0) {
      byte[] longer = Arrays.copyOf(body, body.length + 1 + random.nextInt(40));
      longer[longer.length - 1] = (byte) random.nextInt(128);
      return longer;
    }
    if (random.nextInt(8) == 0) {
      return Arrays.copyOf(body, random.nextInt(body.length));
    }
    byte[] other = body.clone();
    ByteBuffer view = ByteBuffer.wrap(other).order(ByteOrder.LITTLE_ENDIAN);
    int at = random.nextInt(other.length);
    if (random.nextBoolean() && at + Integer.BYTES <= other.length) {
      view.putInt(at, (int) edge(random));
    } else if (random.nextBoolean() && at + Long.BYTES <= other.length) {
      view.putLong(at, edge(random));
    } else {
      other[at] ^= (byte) (1 << random.nextInt(8));
    }
    return other;
  }
}
