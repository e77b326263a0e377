package io.kvbm.api.layout;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.api.storage.StorageType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.zip.CRC32C;

/**
 * A layout as data: enough to find the same regions in the same storages again, in another process
 * or after a restart.
 *
 * <p>Binary form, little endian: magic {@code KVLD}, version u32, length of all bytes u32, body,
 * CRC32C of everything before it. An unknown version is refused.
 *
 * @param version the format, {@value #VERSION}
 * @param type the arrangement
 * @param config the shape
 * @param storages the storages in order
 * @param pageTable for paged layouts the page of each (block, layer, outer) region in order, else
 *     empty
 */
@Stability(Stability.Level.STABLE)
public record LayoutDescriptor(
    int version,
    LayoutType type,
    LayoutConfig config,
    List<StorageSpan> storages,
    List<Integer> pageTable) {

  /** The format written here. */
  public static final int VERSION = 1;

  private static final int MAGIC = 0x444C564B; // "KVLD" in little endian
  private static final int HEADER_BYTES = 12;

  /**
   * One storage of a layout.
   *
   * @param type its kind and id
   * @param baseOffset where the aligned data starts in it, in bytes
   * @param byteSize its length in bytes
   */
  public record StorageSpan(StorageType type, long baseOffset, long byteSize) {
    /** Checks the values. */
    public StorageSpan {
      Objects.requireNonNull(type, "type");
      if (baseOffset < 0 || byteSize <= 0 || baseOffset >= byteSize) {
        throw new ConfigurationException(
            ErrorCode.INVALID_CONFIG,
            "layout data at offset " + baseOffset + " of a storage of " + byteSize + " bytes");
      }
    }
  }

  /** Checks the version and copies the lists. */
  public LayoutDescriptor {
    if (version != VERSION) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "layout descriptor version " + version + " is unknown; this build reads " + VERSION);
    }
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(config, "config");
    storages = List.copyOf(storages);
    pageTable = List.copyOf(pageTable);
  }

  /** {@return the binary form} */
  @SuppressWarnings("EnumOrdinal") // a type is persisted by its position, which DTypeTest pins
  public byte[] toBytes() {
    byte[] name = type.name().getBytes(StandardCharsets.UTF_8);
    int size = HEADER_BYTES + 2 + name.length + 6 * Integer.BYTES + Long.BYTES + 2 * Integer.BYTES;
    List<byte[]> kinds = new ArrayList<>();
    for (StorageSpan span : storages) {
      byte[] kind = span.type().toBytes();
      kinds.add(kind);
      size += kind.length + 2 * Long.BYTES;
    }
    size += pageTable.size() * Integer.BYTES + Integer.BYTES;
    ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(MAGIC).putInt(version).putInt(size);
    out.putShort((short) name.length).put(name);
    out.putInt(config.numBlocks()).putInt(config.numLayers()).putInt(config.outerDim());
    out.putInt(config.pageSize()).putInt(config.innerDim()).putInt(config.dtype().ordinal());
    out.putLong(config.alignment());
    out.putInt(storages.size());
    for (int i = 0; i < storages.size(); i++) {
      out.put(kinds.get(i));
      out.putLong(storages.get(i).baseOffset()).putLong(storages.get(i).byteSize());
    }
    out.putInt(pageTable.size());
    pageTable.forEach(out::putInt);
    CRC32C crc = new CRC32C();
    crc.update(out.array(), 0, out.position());
    out.putInt((int) crc.getValue());
    return out.array();
  }

  /**
   * Reads the binary form.
   *
   * @param bytes as {@link #toBytes()} wrote them
   * @return the descriptor
   * @throws CorruptionException if the magic, the length or the checksum is wrong
   * @throws ConfigurationException if the version is unknown
   */
  @SuppressWarnings("EnumOrdinal") // as toBytes
  public static LayoutDescriptor fromBytes(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.length < HEADER_BYTES + Integer.BYTES || in.getInt() != MAGIC) {
      throw corrupt("no layout descriptor: wrong magic or only " + bytes.length + " bytes");
    }
    int version = in.getInt();
    if (version != VERSION) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "layout descriptor version " + version + " is unknown; this build reads " + VERSION);
    }
    if (in.getInt() != bytes.length) {
      throw corrupt("layout descriptor is cut short: " + bytes.length + " bytes");
    }
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length - Integer.BYTES);
    if ((int) crc.getValue() != in.getInt(bytes.length - Integer.BYTES)) {
      throw corrupt("layout descriptor has a wrong checksum");
    }
    try {
      byte[] name = new byte[Short.toUnsignedInt(in.getShort())];
      in.get(name);
      int numBlocks = in.getInt();
      int numLayers = in.getInt();
      int outerDim = in.getInt();
      int pageSize = in.getInt();
      int innerDim = in.getInt();
      DType dtype = DType.values()[in.getInt()];
      LayoutConfig config =
          new LayoutConfig(numBlocks, numLayers, outerDim, pageSize, innerDim, dtype, in.getLong());
      List<StorageSpan> spans = new ArrayList<>();
      for (int i = in.getInt(); i > 0; i--) {
        spans.add(new StorageSpan(StorageType.fromBytes(in), in.getLong(), in.getLong()));
      }
      int pages = in.getInt();
      // The checksum behind the table is all that may be left then.
      if (in.remaining() != (pages + 1L) * Integer.BYTES) {
        throw corrupt("layout descriptor has no room for a table of " + pages + " pages");
      }
      Integer[] table = new Integer[pages];
      Arrays.setAll(table, i -> in.getInt());
      return new LayoutDescriptor(
          version,
          new LayoutType(new String(name, StandardCharsets.UTF_8)),
          config,
          spans,
          Arrays.asList(table));
    } catch (CorruptionException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new CorruptionException(
          ErrorCode.CORRUPT, "layout descriptor is malformed: " + e.getMessage(), e);
    }
  }

  private static CorruptionException corrupt(String message) {
    return new CorruptionException(ErrorCode.CORRUPT, message);
  }
}
