package io.kvbm.core.remote;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.layout.LayoutDescriptor;
import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.AgentEndpoint;
import io.kvbm.api.remote.ExportedStorage;
import io.kvbm.api.storage.StorageType;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The binary form of a block set, little endian: magic {@code KVBS}, version u32, length of all
 * bytes u32, body, CRC32C of everything before it. Texts and byte strings have a u32 length before
 * them, lists a u32 count.
 */
final class BlockSetFormat {

  private static final int MAGIC = 0x5342564B; // "KVBS" in little endian
  private static final int HEADER_BYTES = 12;

  private BlockSetFormat() {}

  static byte[] write(BlockSet set) {
    Writer out = new Writer();
    out.text(set.agent().name()).number(set.agent().generation());
    out.count(set.agent().endpoints().size());
    set.agent().endpoints().forEach(e -> out.text(e.transport()).text(e.address()));
    out.number(set.workerId()).number(set.fingerprint());
    out.count(set.parts().size());
    for (BlockSet.Part part : set.parts()) {
      out.text(part.name()).bytes(part.layout().toBytes());
      out.count(part.storages().size());
      for (ExportedStorage storage : part.storages()) {
        out.bytes(storage.key()).number(storage.byteSize());
        out.bytes(storage.type().toBytes()).count(storage.writable() ? 1 : 0);
      }
    }
    byte[] body = out.toByteArray();
    int size = HEADER_BYTES + body.length + Integer.BYTES;
    ByteBuffer all = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    all.putInt(MAGIC).putInt(BlockSet.VERSION).putInt(size).put(body);
    all.putInt(crc(all.array(), all.position()));
    return all.array();
  }

  static BlockSet read(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.length < HEADER_BYTES + Integer.BYTES || in.getInt() != MAGIC) {
      throw corrupt("%d bytes are no block set: they begin otherwise".formatted(bytes.length));
    }
    int version = in.getInt();
    if (version != BlockSet.VERSION) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "block set version %d is unknown; this build reads %d, export it with the same release"
              .formatted(version, BlockSet.VERSION));
    }
    int size = in.getInt();
    if (size != bytes.length) {
      throw corrupt(
          "block set is cut short: %d bytes of %d; hand it on whole"
              .formatted(bytes.length, Integer.toUnsignedLong(size)));
    }
    int end = bytes.length - Integer.BYTES;
    if (crc(bytes, end) != in.getInt(end)) {
      throw corrupt("block set of %d bytes has a wrong checksum".formatted(bytes.length));
    }
    try {
      return body(in.slice(HEADER_BYTES, end - HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN));
    } catch (CorruptionException | ConfigurationException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new CorruptionException(
          ErrorCode.CORRUPT, "block set is malformed: " + e.getMessage(), e);
    }
  }

  private static BlockSet body(ByteBuffer in) {
    String name = text(in);
    long generation = in.getLong();
    List<AgentEndpoint> endpoints = new ArrayList<>();
    for (int i = count(in); i > 0; i--) {
      endpoints.add(new AgentEndpoint(text(in), text(in)));
    }
    AgentDescriptor agent = new AgentDescriptor(name, generation, endpoints);
    long workerId = in.getLong();
    long fingerprint = in.getLong();
    List<BlockSet.Part> parts = new ArrayList<>();
    for (int i = count(in); i > 0; i--) {
      parts.add(part(in));
    }
    if (in.hasRemaining()) {
      throw corrupt("block set has %d bytes too many".formatted(in.remaining()));
    }
    return new BlockSet(agent, workerId, fingerprint, parts);
  }

  private static BlockSet.Part part(ByteBuffer in) {
    String name = text(in);
    LayoutDescriptor layout = LayoutDescriptor.fromBytes(bytes(in));
    List<ExportedStorage> storages = new ArrayList<>();
    for (int i = count(in); i > 0; i--) {
      byte[] key = bytes(in);
      long byteSize = in.getLong();
      StorageType type =
          StorageType.fromBytes(ByteBuffer.wrap(bytes(in)).order(ByteOrder.LITTLE_ENDIAN));
      storages.add(new ExportedStorage(key, byteSize, type, in.getInt() == 1));
    }
    return new BlockSet.Part(name, layout, storages);
  }

  private static int count(ByteBuffer in) {
    int count = in.getInt();
    if (count < 0 || count > in.remaining()) { // each takes a byte at least
      throw corrupt(
          "block set is malformed: a list of %d".formatted(Integer.toUnsignedLong(count)));
    }
    return count;
  }

  private static byte[] bytes(ByteBuffer in) {
    byte[] bytes = new byte[count(in)];
    in.get(bytes);
    return bytes;
  }

  private static String text(ByteBuffer in) {
    return new String(bytes(in), StandardCharsets.UTF_8);
  }

  private static int crc(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }

  private static CorruptionException corrupt(String message) {
    return new CorruptionException(ErrorCode.CORRUPT, message);
  }

  /** Collects a body. */
  private static final class Writer {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteBuffer number = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);

    Writer number(long value) {
      out.write(number.putLong(0, value).array(), 0, Long.BYTES);
      return this;
    }

    void count(int value) {
      out.write(number.putInt(0, value).array(), 0, Integer.BYTES);
    }

    Writer bytes(byte[] value) {
      count(value.length);
      out.writeBytes(value);
      return this;
    }

    Writer text(String value) {
      return bytes(value.getBytes(StandardCharsets.UTF_8));
    }

    byte[] toByteArray() {
      return out.toByteArray();
    }
  }
}
