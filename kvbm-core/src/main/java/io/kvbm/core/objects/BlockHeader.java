package io.kvbm.core.objects;

import io.kvbm.api.block.BlockKey;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What goes before the bytes of a block in its object. Little endian, 96 bytes, the last four the
 * CRC32C of the others.
 *
 * @param owner who wrote it
 * @param byteSize bytes of the block
 * @param checksum CRC32C of those bytes
 */
record BlockHeader(
    BlockKey key,
    @Nullable BlockKey parent,
    int slot,
    long generation,
    int priority,
    long fingerprint,
    long owner,
    long byteSize,
    int checksum) {

  static final int BYTE_SIZE = 96;

  private static final long MAGIC = 0x314B4C424D56424BL; // "KBVMBLK1" as bytes
  private static final int VERSION = 1;
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  void encode(MemorySegment target) {
    target.set(LONG, 0, MAGIC);
    target.set(INT, 8, VERSION);
    target.set(INT, 12, priority);
    target.set(LONG, 16, key.hi());
    target.set(LONG, 24, key.lo());
    target.set(INT, 32, parent == null ? 0 : 1);
    target.set(INT, 36, slot);
    target.set(LONG, 40, parent == null ? 0 : parent.hi());
    target.set(LONG, 48, parent == null ? 0 : parent.lo());
    target.set(LONG, 56, generation);
    target.set(LONG, 64, fingerprint);
    target.set(LONG, 72, owner);
    target.set(LONG, 80, byteSize);
    target.set(INT, 88, checksum);
    target.set(INT, 92, crc(target.asSlice(0, 92)));
  }

  /** {@return the header, or empty if there is none or it is damaged} */
  static Optional<BlockHeader> decode(MemorySegment source) {
    if (source.byteSize() < BYTE_SIZE
        || source.get(LONG, 0) != MAGIC
        || source.get(INT, 8) != VERSION
        || source.get(INT, 92) != crc(source.asSlice(0, 92))) {
      return Optional.empty();
    }
    @Nullable BlockKey parent =
        source.get(INT, 32) == 0 ? null : new BlockKey(source.get(LONG, 40), source.get(LONG, 48));
    return Optional.of(
        new BlockHeader(
            new BlockKey(source.get(LONG, 16), source.get(LONG, 24)),
            parent,
            source.get(INT, 36),
            source.get(LONG, 56),
            source.get(INT, 12),
            source.get(LONG, 64),
            source.get(LONG, 72),
            source.get(LONG, 80),
            source.get(INT, 88)));
  }

  static int crc(MemorySegment bytes) {
    CRC32C crc = new CRC32C();
    for (long at = 0; at < bytes.byteSize(); at += 1 << 30) {
      crc.update(bytes.asSlice(at, Math.min(1 << 30, bytes.byteSize() - at)).asByteBuffer());
    }
    return (int) crc.getValue();
  }
}
