package io.kvbm.backend.remote.ucx;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * What is handed over to a peer, in a frame of its own: libucp believes any bytes it is given and
 * may crash on wrong ones. Big-endian: magic, kind, path, address, byte size, length of the
 * payload, payload, CRC32C of all before.
 *
 * @param kind what it is
 * @param path whose it is
 * @param address of memory; 0 for a path's address
 * @param byteSize of memory; 0 for a path's address
 * @param payload UCX's own bytes
 */
@SuppressWarnings("ArrayRecordComponent") // Lives for one call.
record UcxFrame(Kind kind, UUID path, long address, long byteSize, byte[] payload) {

  enum Kind {
    ADDRESS(0),
    KEY(1);

    private final int code;

    Kind(int code) {
      this.code = code;
    }
  }

  private static final int MAGIC = 0x4b555831; // KUX1
  private static final int HEADER_BYTE_SIZE = 4 + 4 + 16 + 8 + 8 + 4;
  private static final int MAX_PAYLOAD_BYTE_SIZE = 1 << 16;

  /** {@return the bytes} */
  byte[] encode() {
    if (payload.length > MAX_PAYLOAD_BYTE_SIZE) {
      throw new CorruptionException(
          ErrorCode.CORRUPT, "UCX gave %d bytes of %s".formatted(payload.length, kind));
    }
    ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTE_SIZE + payload.length + 4);
    bytes.putInt(MAGIC).putInt(kind.code);
    bytes.putLong(path.getMostSignificantBits()).putLong(path.getLeastSignificantBits());
    bytes.putLong(address).putLong(byteSize).putInt(payload.length).put(payload);
    bytes.putInt(checksum(bytes.array(), bytes.position()));
    return bytes.array();
  }

  /**
   * {@return what the bytes hold}
   *
   * @throws CorruptionException CORRUPT if they are not such a frame
   */
  static UcxFrame decode(byte[] bytes, Kind kind) {
    if (bytes.length < HEADER_BYTE_SIZE + 4) {
      throw corrupt(kind, bytes.length + " bytes are too few");
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    if (in.getInt() != MAGIC) {
      throw corrupt(kind, "it begins with something else");
    }
    int body = bytes.length - 4;
    if (in.getInt(body) != checksum(bytes, body)) {
      throw corrupt(kind, "its checksum differs");
    }
    if (in.getInt() != kind.code) {
      throw corrupt(kind, "it is for something else");
    }
    UUID path = new UUID(in.getLong(), in.getLong());
    long address = in.getLong();
    long byteSize = in.getLong();
    int length = in.getInt();
    if (length <= 0 || length > MAX_PAYLOAD_BYTE_SIZE || length != body - HEADER_BYTE_SIZE) {
      throw corrupt(kind, "it says %d bytes in %d".formatted(length, bytes.length));
    }
    return new UcxFrame(
        kind, path, address, byteSize, Arrays.copyOfRange(bytes, HEADER_BYTE_SIZE, body));
  }

  private static int checksum(byte[] bytes, int length) {
    CRC32C sum = new CRC32C();
    sum.update(bytes, 0, length);
    return (int) sum.getValue();
  }

  private static CorruptionException corrupt(Kind kind, String why) {
    return new CorruptionException(
        ErrorCode.CORRUPT,
        "this is no %s of a UCX path: %s; ask the peer for it again"
            .formatted(kind == Kind.KEY ? "key" : "address", why));
  }
}
