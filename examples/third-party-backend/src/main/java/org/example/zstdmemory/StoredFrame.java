package org.example.zstdmemory;

import com.github.luben.zstd.Zstd;
import io.kvbm.api.CallerException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.store.BlockRead;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.zip.CRC32C;

/**
 * A compressed block in memory: a header with key, generation, length and two checksums, then the
 * Zstandard frame. Everything is checked before the decompressor sees a byte.
 */
final class StoredFrame {

  static final int HEADER_BYTE_SIZE = 64;

  private static final long STEP = 1 << 30;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final int AT_HI = 0;
  private static final int AT_LO = 8;
  private static final int AT_GENERATION = 16;
  private static final int AT_BYTE_SIZE = 24;
  private static final int AT_BODY_CHECKSUM = 32;
  private static final int AT_CHECKSUM = 60;

  private final CompressedBytes.Piece piece;
  private final MemorySegment header;
  private final MemorySegment body;

  private StoredFrame(CompressedBytes.Piece piece) {
    this.piece = piece;
    this.header = piece.segment().asSlice(0, HEADER_BYTE_SIZE);
    this.body = piece.segment().asSlice(HEADER_BYTE_SIZE);
  }

  /** {@return a frame that owns the piece} */
  static StoredFrame write(
      CompressedBytes.Piece piece,
      BlockKey key,
      long generation,
      long byteSize,
      MemorySegment encoded) {
    StoredFrame frame = new StoredFrame(piece);
    frame.body.copyFrom(encoded);
    frame.header.set(LONG, AT_HI, key.hi());
    frame.header.set(LONG, AT_LO, key.lo());
    frame.header.set(LONG, AT_GENERATION, generation);
    frame.header.set(LONG, AT_BYTE_SIZE, byteSize);
    frame.header.set(INT, AT_BODY_CHECKSUM, checksum(frame.body));
    frame.header.set(INT, AT_CHECKSUM, checksum(frame.header.asSlice(0, AT_CHECKSUM)));
    return frame;
  }

  long generation() {
    return header.get(LONG, AT_GENERATION);
  }

  /** Expands into native memory of exactly the wanted length, after every check. */
  void expand(BlockRead read, long wanted, MemorySegment target) {
    if (header.get(INT, AT_CHECKSUM) != checksum(header.asSlice(0, AT_CHECKSUM))) {
      throw corrupt(read, "its header changed in memory (checksum)");
    }
    BlockKey key = new BlockKey(header.get(LONG, AT_HI), header.get(LONG, AT_LO));
    if (!key.equals(read.key())) {
      throw corrupt(read, "it holds block " + key);
    }
    if (generation() != read.generation()) {
      throw corrupt(read, "generation %d, wanted %d".formatted(generation(), read.generation()));
    }
    long byteSize = header.get(LONG, AT_BYTE_SIZE);
    if (byteSize != wanted) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "block %s in slot %d has %d bytes, the target %d"
              .formatted(key, read.slot(), byteSize, wanted));
    }
    if (header.get(INT, AT_BODY_CHECKSUM) != checksum(body)) {
      throw corrupt(read, "its bytes changed in memory (checksum)");
    }
    long written = Zstd.decompressUnsafe(target.address(), wanted, body.address(), body.byteSize());
    if (Zstd.isError(written) || written != wanted) {
      throw corrupt(read, "zstd does not expand it to " + wanted + " bytes");
    }
  }

  void free() {
    piece.free();
  }

  /** Changes one stored byte behind the checksums' back; for tests. */
  void damage(long offset) {
    MemorySegment bytes = piece.segment();
    byte former = bytes.get(ValueLayout.JAVA_BYTE, offset);
    bytes.set(ValueLayout.JAVA_BYTE, offset, (byte) ~former);
  }

  private static CorruptionException corrupt(BlockRead read, String why) {
    return new CorruptionException(
        ErrorCode.CORRUPT,
        "slot %d does not give block %s: %s".formatted(read.slot(), read.key(), why));
  }

  private static int checksum(MemorySegment bytes) {
    CRC32C checksum = new CRC32C();
    for (long at = 0; at < bytes.byteSize(); at += STEP) {
      checksum.update(bytes.asSlice(at, Math.min(STEP, bytes.byteSize() - at)).asByteBuffer());
    }
    return (int) checksum.getValue();
  }
}
