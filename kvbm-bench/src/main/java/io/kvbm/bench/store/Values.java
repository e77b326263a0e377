package io.kvbm.bench.store;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/**
 * Values that do not compress, the same in every process: each is a piece of one pool of random
 * bytes, and no two neighbours are the same piece.
 */
final class Values {

  private static final long SEED = 0x6b76626dL;
  private static final int POOL_BYTE_SIZE = 16 << 20;
  private static final int STEP = 64;

  private final MemorySegment pool;
  private final int byteSize;

  Values(int byteSize) {
    this.byteSize = byteSize;
    this.pool = Arena.ofAuto().allocate(POOL_BYTE_SIZE + (long) byteSize, 4096);
    SplittableRandom random = new SplittableRandom(SEED);
    for (long i = 0; i + Long.BYTES <= pool.byteSize(); i += Long.BYTES) {
      pool.set(ValueLayout.JAVA_LONG, i, random.nextLong());
    }
  }

  private MemorySegment segment(long index) {
    long mixed = index * 0x9e3779b97f4a7c15L;
    long place = (mixed >>> 20) % (POOL_BYTE_SIZE / STEP) * STEP;
    return pool.asSlice(place, byteSize);
  }

  /** {@return the value of an index; shares the pool's bytes} */
  ByteBuffer of(long index) {
    return segment(index).asByteBuffer();
  }

  /** {@return whether bytes are the value of an index, every one of them} */
  boolean isValue(long index, ByteBuffer bytes, int length) {
    return length == byteSize
        && MemorySegment.ofBuffer(bytes).asSlice(0, length).mismatch(segment(index)) < 0;
  }
}
